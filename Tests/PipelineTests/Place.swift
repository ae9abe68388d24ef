import ChildProcesses
import FoundationEssentials
import HTTP
import JSON
import Secrets
import SystemPackage
import TestSupport

/// A sandbox's OpenRouter, GitHub and GitLab, with the artifacts of both CI systems beside them in folders.
final class Place: Sendable {
    let sandbox: SandboxProcess
    let folder: TemporaryDirectory
    /// The address that stands for GitHub's and GitLab's: artifacts, and behind them the sandbox.
    let address: String
    /// An identity for each set of secrets, and `trust` for ork.yaml, as `ork-keygen --stages` makes them.
    let manager, publisher, approver, returner: Secret
    let trust: String
    private let services: ServerProgram

    var root: String { folder.path }
    /// What GitHub and GitLab keep.
    var artifacts: (github: String, gitlab: String) { (folder.file("github"), folder.file("gitlab")) }

    init() throws {
        sandbox = try SandboxProcess(["--predecessor", "checkout-prod"])
        folder = try TemporaryDirectory()
        for name in ["github", "gitlab", "repository", "home"] {
            try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: false)
        }
        services = try ServerProgram([
            Python.interpreter(), "-B", Python.file("Python/services.py"), folder.file("github"), folder.file("gitlab"),
            String(sandbox.url.dropLast("/api/v1".count)),
        ])
        address = String(decoding: services.greeting.dropLast(), as: UTF8.self)
        let stages = Program([
            BuiltProduct.path("ork-keygen"), "--stages", "other", "--output", folder.file("identities"),
        ]).run(.init(time: .seconds(600)))
        let printed = String(decoding: stages.output.copyBytes(), as: UTF8.self)
        trust = String(printed[..<(printed.firstRange(of: "\n\n")?.lowerBound ?? printed.endIndex)])
        (manager, publisher, approver, returner) = try (
            Secret(String(folder.read("identities/manage").dropLast())),
            Secret(String(folder.read("identities/publish").dropLast())),
            Secret(String(folder.read("identities/approve").dropLast())),
            Secret(String(folder.read("identities/rollback").dropLast()))
        )
    }

    /// Writes the repository's ork.yaml: two targets that are made at a service, the second in a wave of its own unless there is but
    /// one, and an application.
    func configure(
        _ publisher: String, _ container: String, _ name: String, soak: String = "0s", overlap: String = "0s",
        waves: Int = 2, more: String = ""
    ) throws {
        let token = publisher.hasPrefix("github") ? "GITHUB_TOKEN" : "GITLAB_TOKEN"
        let target = "publisher: \(publisher), env: {\(token): TARGET_TOKEN}"
        try configure(
            targets: [
                "canary: {\(target), with: {\(container): acme/web, \(name): CANARY_KEY, create: true}}",
                "web: {\(target), wave: \(waves), with: {\(container): acme/web, \(name): WEB_KEY, create: true}}",
            ], soak: soak, overlap: overlap, more: more)
    }

    /// The same with these targets beside the application's file, which holds the predecessor.
    func configure(
        targets: [String] = [], soak: String = "0s", overlap: String = "0s", more: String = ""
    ) throws {
        try folder.write("OPENROUTER_API_KEY=\(sandbox.predecessor.key.revealed() ?? "")\n", to: "app.env")
        let app = "app: {publisher: file, with: {path: \(folder.file("app.env")), name: OPENROUTER_API_KEY}}"
        try folder.write(
            """
            version: 1
            rotations:
              checkout:
                predecessor: {name: checkout-prod}
                publish: {settle: 0s}
                targets: {\(([app] + targets).joined(separator: ", "))}
                retire: {overlap: \(overlap), quiet_for: 0s, soak: \(soak), accept_idle: true}
            \(more)
            """, to: "repository/ork.yaml")
    }

    /// The programs of this build, before those of the machine.
    static var path: String {
        let products = FilePath(BuiltProduct.path("ork-status")).removingLastComponent().string
        return "\(products):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"
    }

    /// A program of the tests' virtual environment.
    static func tool(_ name: String) throws -> String {
        FilePath(try Python.interpreter()).removingLastComponent().appending(name).string
    }

    /// Runs a program: whether it ended with 0, and what it printed.
    static func run(
        _ program: String, _ arguments: [String], in directory: String? = nil, environment: [String: String] = [:],
        input: String = ""
    ) async throws -> (succeeded: Bool, output: String) {
        let result = try await CommandRun(
            [program] + arguments, environment: ["PATH": path].merging(environment) { $1 }, in: directory, input: input)
        return (result.succeeded, result.output + result.errors)
    }

    /// The hashes of the keys that may be used.
    func live() throws -> [String] {
        try sandbox.keys().filter { $0["management"] == false && $0["deleted_at"] == .null && $0["disabled"] == false }
            .compactMap { $0["hash"]?.string }
    }

    /// The hashes of the keys that the targets hold, by name of the variable or secret.
    func held(_ list: String, _ name: String) throws -> [String: String] {
        var held: [String: String] = [:]
        for entry in try sandbox.control(.get, list).array ?? [] {
            guard let key = entry[name]?.string, let digest = entry["digest"]?.string else { continue }
            held[key] = String(digest.dropFirst("sha256:".count))
        }
        return held
    }

    /// Which of the secrets, the application's new key among them, are in these bytes or folders in any form.
    func leaks(_ text: String, _ folders: [String], token: Secret) throws -> [String] {
        let key = try folder.read("app.env").dropFirst("OPENROUTER_API_KEY=".count).prefix { $0 != "\n" }
        let bytes = try Array(text.utf8) + content(of: folders)
        let sentinels = [
            Sentinel("successor", Secret(String(key))), Sentinel("predecessor", sandbox.predecessor.key),
            Sentinel("management key", sandbox.managementKey), Sentinel("identity of create", manager),
            Sentinel("identity of publish", publisher), Sentinel("identity of approve", approver),
            Sentinel("identity of rollback", returner),
            Sentinel("token", token),
        ]
        return sentinels.filter { $0.isFound(bytes) }.map(\.name)
    }

    /// Every byte under these folders, for a search.
    private func content(of folders: [String]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for folder in folders {
            for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
                if let data = FileManager.default.contents(atPath: "\(folder)/\(name)") { bytes += data }
            }
        }
        return bytes
    }
}
