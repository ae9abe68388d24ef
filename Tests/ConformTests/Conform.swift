import FoundationEssentials
import PluginHost
import Secrets
import TestSupport

/// Runs `ork-conform`.
enum Conform {
    /// The lines that it prints of one of this package's publishers. Tokens and addresses go to the publisher under
    /// their own names.
    static func run(
        _ publisher: String, with settings: [String], environment: [String: String], command: String,
        path: String = "/usr/bin:/bin"
    ) async throws -> [String] {
        try await onOwnThread {
            var setting = RawRun.Setting(
                input: Secret(""), environment: environment.merging(["PATH": path]) { $1 })
            setting.time = .seconds(180)
            let arguments =
                [BuiltProduct.path(publisher)] + settings.flatMap { ["--with", $0] }
                + environment.keys.flatMap { ["--env", $0] } + ["--target-command", command]
            let run = RawRun(BuiltProduct.path("ork-conform"), arguments, setting) { _ in }
            return String(decoding: run.output, as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }
}
