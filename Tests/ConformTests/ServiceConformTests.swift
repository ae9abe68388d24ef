import FoundationEssentials
import Secrets
import TestSupport
import Testing

/// The publishers for services of the web, as `ork-conform` sees them, with readers that are not ours.
@Suite(.serialized, .tags(.servers)) struct ServiceConformTests {
    @Test(
        "ork-publisher-github-secret keeps the contract wherever the secret is",
        arguments: [
            ["repository=acme/web"], ["repository=acme/web", "companion=KEY_OF"],
            ["repository=acme/web", "environment=production"], ["organization=acme", "visibility=all"],
            ["repository=acme/web", "store=dependabot"],
        ])
    func gitHub(settings: [String]) async throws {
        let sandbox = try SandboxProcess()
        let root = String(sandbox.github.url.dropLast("/github".count))
        let reader = "'\(try Python.interpreter())' '\(Python.file("Python/open_secrets.py"))' \(root)"
        let lines = try await Conform.run(
            "ork-publisher-github-secret", with: ["name=KEY"] + settings,
            environment: ["GITHUB_TOKEN": sandbox.github.token.revealed() ?? "", "GITHUB_API_URL": sandbox.github.url],
            command: reader)
        #expect(!lines.contains { $0.hasPrefix("not ok") }, "\(lines)")
        // What only a publisher can keep that reads values back.
        #expect(lines.last == "19 passed, 0 failed, 5 skipped", "\(lines)")
    }

    @Test(
        "ork-publisher-gitlab-variable keeps the contract wherever the variable is",
        arguments: [
            ["project=acme/web"], ["project=acme/web", "environment_scope=review/*"], ["group=acme"],
            ["instance:=true"], ["project=acme/web", "variable_type=file", "masked:=false"],
        ])
    func gitLab(settings: [String]) async throws {
        let sandbox = try SandboxProcess()
        let place = settings.contains("group=acme") ? "groups/acme" : "projects/acme%2Fweb"
        let path = settings.contains("instance:=true") ? "admin/ci/variables" : "\(place)/variables"
        let reader = """
            curl -fsS -H "PRIVATE-TOKEN: $GITLAB_TOKEN" "$CI_API_V4_URL/\(path)" | jq -r '.[].value'
            """
        let lines = try await Conform.run(
            "ork-publisher-gitlab-variable", with: ["key=KEY"] + settings,
            environment: ["GITLAB_TOKEN": sandbox.gitlab.token.revealed() ?? "", "CI_API_V4_URL": sandbox.gitlab.url],
            command: reader)
        #expect(lines.last == "23 passed, 0 failed, 1 skipped", "\(lines)")
    }
}
