import ChildProcesses
import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// Without /proc a program does not see its own options, and would do something else than what it was asked for.
@Suite(.tags(.processes)) struct UnseenOptionsTests {
    /// A place without /proc, which takes a mount namespace to make.
    private static let withoutProc = [
        "unshare", getuid() == 0 ? "-m" : "-rm", "sh", "-c", "mount -t tmpfs none /proc && exec \"$@\"", "sh",
    ]

    private static func canHideProc() async -> Bool {
        (try? await CommandRun(withoutProc + ["true"]))?.succeeded ?? false
    }

    @Test(
        "a program that cannot see its options does nothing",
        .enabled("takes a mount namespace") { await canHideProc() },
        arguments: [["ork-retire", "--dry-run"], ["ork-keygen", "--version"], ["ork-publisher-file", "info"]])
    func refused(words: [String]) async throws {
        let folder = try TemporaryDirectory()
        let run = try await CommandRun(
            Self.withoutProc + [BuiltProduct.path(words[0])] + words.dropFirst(),
            environment: ["PATH": "/usr/bin:/bin", "HOME": folder.path], in: folder.path)
        #expect(run.ending == .exited(1))
        #expect(
            run.errors.hasPrefix(
                "ork: error: the options of this program cannot be read, as /proc is not mounted here\n"))
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(run.output == "" && left == [])
    }
}
