import FoundationEssentials
import TestSupport

/// Runs `ork-conform`.
enum Conform {
    /// The lines that it prints of one of this package's publishers. Tokens and addresses go to the publisher under
    /// their own names.
    static func run(
        _ publisher: String, with settings: [String], environment: [String: String], command: String,
        path: String = "/usr/bin:/bin"
    ) async throws -> [String] {
        let words =
            [BuiltProduct.path("ork-conform"), BuiltProduct.path(publisher)] + settings.flatMap { ["--with", $0] }
            + environment.keys.flatMap { ["--env", $0] } + ["--target-command", command]
        let run = try await CommandRun(words, environment: environment.merging(["PATH": path]) { $1 })
        return run.output.split(separator: "\n").map(String.init)
    }
}
