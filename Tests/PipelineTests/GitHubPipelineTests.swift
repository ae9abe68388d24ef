import FoundationEssentials
import Secrets
import TestSupport
import Testing

@Suite("The GitHub workflow, run by act on this machine")
struct GitHubPipelineTests {
    private let place: Place

    init() throws { place = try Place() }

    /// One run of the workflow, as a dispatch starts it; act has no reviewers, and opens every gate.
    private func run(_ number: Int) async throws -> (succeeded: Bool, output: String) {
        var arguments: [String] = ["workflow_dispatch", "--input", "rotation=checkout", "--insecure-secrets"]
        arguments += ["-W", ".github/workflows/ork-rotate.yml", "-P", "ubuntu-latest=-self-hosted"]
        arguments += ["--action-offline-mode"] + StandIns.options
        arguments += ["--artifact-server-path", place.artifacts.github, "--artifact-server-addr", "127.0.0.1"]
        arguments += ["--artifact-server-port", "\(Int.random(in: 20_000..<32_000))", "--cache-server-port", "0"]
        let variables: [(String, String)] = [
            ("KEPT", place.artifacts.github), ("GITHUB_API_URL", place.address + "/github"),
            ("OPENROUTER_BASE_URL", place.sandbox.url), ("GITHUB_RUN_ID", String(number)),
            ("GITHUB_WORKFLOW_REF", "acme/web/.github/workflows/ork-rotate.yml@refs/heads/main"),
        ]
        for (name, value) in variables { arguments += ["--env", "\(name)=\(value)"] }
        let secrets: [(String, Secret)] = [
            ("ORK_IDENTITY", place.identity), ("OPENROUTER_MANAGEMENT_KEY", place.sandbox.managementKey),
            ("TARGET_TOKEN", place.sandbox.github.token), ("GITHUB_TOKEN", Secret("artifact-reader")),
        ]
        for (name, secret) in secrets { arguments += ["-s", "\(name)=\(secret.revealed() ?? "")"] }
        // Without act's own masking of secrets the log shows what the steps let out.
        return try await Place.run(
            Place.tool("act"), arguments, in: place.folder.file("repository"),
            environment: ["HOME": place.folder.file("home")])
    }

    @Test("a whole rotation: not yet is green, a later run goes on without the gates, and no log holds a key")
    func rotation() async throws {
        try place.configure("github-secret", "repository", "name", soak: "2s")
        try await Repository.assemble(in: place)
        let first = try await run(1)
        #expect(first.succeeded, "\(first.output)")
        #expect(first.output.contains("::notice title=ork: not yet::retire of checkout"), "\(first.output)")
        for job in ["create", "publish", "verify", "approve-publish", "publish-rest", "approve-retire"] {
            #expect(first.output.contains("key/\(job)"), "\(job) did not run")
        }
        #expect(first.output.contains("[deploy/") && first.output.contains("[deploy-rest/"))
        try await Task.sleep(for: .seconds(2))
        let second = try await run(2)
        #expect(second.succeeded, "\(second.output)")
        #expect(second.output.contains("finished: "), "\(second.output)")
        for job in ["create", "publish", "verify", "approve"] {
            #expect(!second.output.contains("key/\(job)"), "\(job) ran again")
        }
        let live = try place.live()
        #expect(live.count == 1 && live.first != place.sandbox.predecessor.hash)
        let held = try place.held("github/secrets", "name")
        #expect(held == ["CANARY_KEY": live.first ?? "", "WEB_KEY": live.first ?? ""])

        let text = first.output + second.output
        // What holds the key goes after the least time that GitHub has.
        #expect(text.contains("1 days, sealed 1") && text.contains("90 days, sealed 0"))
        #expect(!text.contains("90 days, sealed 1") && !text.contains("1 days, sealed 0"))
        #expect(try place.leaks(text, [place.artifacts.github], token: place.sandbox.github.token).isEmpty)
    }
}
