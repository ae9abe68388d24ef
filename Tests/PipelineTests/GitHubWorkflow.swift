import FoundationEssentials
import Secrets
import TestSupport

/// A workflow of the user's repository, run by act on this machine.
struct GitHubWorkflow {
    let place: Place
    let name: String
    var inputs: [String: String] = [:]
    /// What every job signs with; that of `ork-manage` if none is named.
    var identity: Secret?
    /// A secret of the repository beside those, such as a webhook.
    var webhook: (name: String, address: Secret)?

    /// One run, as a dispatch starts it.
    ///
    /// act has no reviewers and opens every gate, has no `concurrency`, and hands every secret to every job; it does make a
    /// matrix of a job's output, and calls a reusable workflow for each row, with `secrets: inherit`.
    func run(_ number: Int) async throws -> (succeeded: Bool, output: String) {
        var arguments: [String] = ["workflow_dispatch", "--insecure-secrets"]
        for (name, value) in inputs { arguments += ["--input", "\(name)=\(value)"] }
        arguments += ["-W", ".github/workflows/\(name).yml", "-P", "ubuntu-latest=-self-hosted"]
        // Jobs that run at once write to one map of act's, which ends it now and then.
        arguments += ["--concurrent-jobs", "1"]
        arguments += ["--action-offline-mode"] + StandIns.options(withActionsOf: place.folder.file("ork"))
        arguments += ["--artifact-server-path", place.artifacts.github, "--artifact-server-addr", "127.0.0.1"]
        arguments += ["--artifact-server-port", "\(Int.random(in: 20_000..<32_000))", "--cache-server-port", "0"]
        let variables: [(String, String)] = [
            ("KEPT", place.artifacts.github), ("GITHUB_API_URL", place.address + "/github"),
            ("OPENROUTER_BASE_URL", place.sandbox.url), ("GITHUB_RUN_ID", String(number)),
        ]
        for (name, value) in variables { arguments += ["--env", "\(name)=\(value)"] }
        var secrets: [(String, Secret)] = [
            ("ORK_IDENTITY", identity ?? place.manager), ("OPENROUTER_MANAGEMENT_KEY", place.sandbox.managementKey),
            ("TARGET_TOKEN", place.sandbox.github.token), ("GITHUB_TOKEN", Secret("artifact-reader")),
        ]
        if let webhook { secrets.append(webhook) }
        for (name, secret) in secrets { arguments += ["-s", "\(name)=\(secret.revealed() ?? "")"] }
        // Without act's own masking of secrets the log shows what the steps let out.
        return try await Place.run(
            Place.tool("act"), arguments, in: place.folder.file("repository"),
            environment: ["HOME": place.folder.file("home")])
    }
}
