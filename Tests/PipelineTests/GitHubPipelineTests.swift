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
        func secret(_ name: String, _ secret: Secret) -> [String] { ["-s", "\(name)=\(secret.revealed() ?? "")"] }
        let upload = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02"
        let arguments =
            [
                "workflow_dispatch", "-W", ".github/workflows/ork-rotate.yml", "-P", "ubuntu-latest=-self-hosted",
                "--input", "rotation=checkout", "--action-offline-mode", "--artifact-server-path",
                place.artifacts.github, "--artifact-server-addr", "127.0.0.1", "--artifact-server-port",
                "\(Int.random(in: 20_000..<32_000))",
                "--cache-server-port", "0", "--local-repository",
                "\(upload)=\(Python.file("UploadArtifact"))", "--env", "KEPT=\(place.artifacts.github)", "--env",
                "GITHUB_API_URL=\(place.address)/github", "--env", "OPENROUTER_BASE_URL=\(place.sandbox.url)",
                "--env", "GITHUB_RUN_ID=\(number)", "--env",
                "GITHUB_WORKFLOW_REF=acme/web/.github/workflows/ork-rotate.yml@refs/heads/main",
            ] + secret("ORK_IDENTITY", place.identity)
            + secret("OPENROUTER_MANAGEMENT_KEY", place.sandbox.managementKey)
            + secret("TARGET_TOKEN", place.sandbox.github.token) + secret("GITHUB_TOKEN", Secret("artifact-reader"))
        // Without act's own masking of secrets the log shows what the steps let out.
        return try await Place.run(
            Place.tool("act"), arguments + ["--insecure-secrets"], in: place.folder.file("repository"),
            environment: ["HOME": place.folder.file("home")])
    }

    @Test("a whole rotation: not yet is green, a later run goes on without the gates, and no log holds a key")
    func rotation() async throws {
        try place.configure("github-secret", "repository", "name", soak: "2s")
        try await Repository.assemble(in: place)
        let first = try await run(1)
        #expect(first.succeeded, "\(first.output)")
        #expect(first.output.contains("::notice title=ork: not yet::retire of checkout"), "\(first.output)")
        for job in ["create", "publish", "deploy", "verify", "approve-publish", "publish-rest", "approve-retire"] {
            #expect(first.output.contains("key/\(job)"), "\(job) did not run")
        }
        try await Task.sleep(for: .seconds(2))
        let second = try await run(2)
        #expect(second.succeeded, "\(second.output)")
        #expect(second.output.contains("finished: "), "\(second.output)")
        for job in ["create ", "publish", "deploy", "verify", "approve"] {
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
