import TestSupport
import Testing

/// What every program that holds a secret does before it reads one.
@Suite(.tags(.processes)) struct HardeningTests {
    /// Every program of the package but the sandbox, whose keys are worth nothing.
    private static var programs: [String] {
        get throws {
            try Manifest().targets.filter { ["program", "step", "publisher", "servicePublisher"].contains($0.kind) }
                .map(\.name).filter { $0 != "ork-sandbox" }
        }
    }

    @Test(
        "a program keeps its memory from core files and other processes before it says a word", arguments: try programs)
    func memory(program: String) async throws {
        let word = program.hasPrefix("ork-publisher-") ? "info" : "--help"
        let run = try await CommandRun([
            "/usr/bin/strace", "-qq", "-e", "trace=prctl,write", "-o", "/dev/stdout", BuiltProduct.path(program), word,
        ])
        let calls = run.output.split(separator: "\n")
        let closing = try #require(calls.firstIndex { $0.hasPrefix("prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE)") })
        #expect(!calls[..<closing].contains { $0.hasPrefix("write(") })
    }
}
