import TestSupport
import Testing

/// What every program that holds a secret does before it reads one.
@Suite(.tags(.processes)) struct HardeningTests {
    private static let publishers = [
        "ork-publisher-file", "ork-publisher-command", "ork-publisher-git", "ork-publisher-github-secret",
        "ork-publisher-gitlab-variable", "ork-publisher-aws-secrets-manager", "ork-publisher-aws-parameter",
        "ork-publisher-azure-key-vault", "ork-publisher-fly-secret", "ork-publisher-google-secret",
        "ork-publisher-http", "ork-publisher-kubernetes-secret", "ork-publisher-vault-kv", "ork-publisher-vercel",
    ]

    @Test(
        "a program keeps its memory from core files and other processes before it says a word",
        arguments: Help.programs.filter { $0 != "ork-sandbox" }.map { ($0, "--help") } + publishers.map { ($0, "info") }
    )
    func memory(program: String, word: String) async throws {
        let run = try await CommandRun([
            "/usr/bin/strace", "-qq", "-e", "trace=prctl,write", "-o", "/dev/stdout", BuiltProduct.path(program), word,
        ])
        let calls = run.output.split(separator: "\n")
        let closing = try #require(calls.firstIndex { $0.hasPrefix("prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE)") })
        #expect(!calls[..<closing].contains { $0.hasPrefix("write(") })
    }
}
