import ChildProcesses
import FoundationEssentials
import Glibc
import JSON
import PublisherKit
import Secrets
import Sodium
import TestSupport
import Testing

@testable import ork_publisher_file

/// The binary as the host runs it.
@Suite(.tags(.processes)) struct ProgramTests {
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private let program = BuiltProduct.path("ork-publisher-file")

    private func line(_ name: String) -> String {
        let request: JSONValue = [
            "protocol": 1, "id": .string(name), "operation": "op", "rotation": "01JDB",
            "deadline": .string((Date() + 600).formatted(.iso8601)),
            "target": ["name": "web", "with": ["path": .string(folder.file(".env")), "name": .string(name)]],
            "expect": [.string("\(Digest(of: predecessor))")],
            "secret": ["value": .string(text(successor)), "digest": .string("\(Digest(of: successor))")],
        ]
        return request.text() + "\n"
    }

    @Test("it answers a batch line by line, and its answers do not hold the secret")
    func answersABatch() async throws {
        try folder.write("A=\(text(predecessor))\nB=mine\n", to: ".env")
        let result = try await CommandRun([program, "publish"], input: line("A") + line("B"))
        #expect(!result.output.contains(text(successor)) && result.errors.isEmpty)
        let answers = try result.output.split(separator: "\n").map { try JSONValue(parsing: $0.utf8) }
        #expect(answers.count == 2)
        #expect(answers.first { $0["id"] == "A" }?["outcome"] == "committed")
        #expect(answers.first { $0["id"] == "B" }?["error"]?["code"] == "conflict")
        #expect(try folder.read(".env") == "A=\(text(successor))\nB=mine\n")
    }

    @Test("another user's file is not written, whoever may write beside it", .enabled(if: geteuid() == 0))
    func leavesOthersFiles() async throws {
        let before = "KEY=\(text(predecessor))\n"
        let path = try folder.write(before, to: ".env")
        unsafe #expect(chmod(path, 0o666) == 0 && chmod(folder.path, 0o777) == 0)
        let result = try await CommandRun(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "publish"], input: line("KEY"))
        let answer = try JSONValue(parsing: result.output.utf8)
        #expect(answer["outcome"] == "rejected" && answer["error"]?["code"] == "denied", "\(answer)")
        #expect(try folder.read(".env") == before)
        #expect(try files(folder) == [".env"])
    }

    @Test("it says what it can do")
    func saysWhatItCanDo() async throws {
        let result = try await CommandRun([program, "info"])
        let info = try JSONValue(parsing: result.output.utf8)
        #expect(info["batch"] == true && info["readback"] == "value" && info["with"]?["required"] == ["path"])
    }

    @Test(
        "killed at any system call that writes, it leaves one value or the other, and a second run puts all right",
        arguments: [
            ("write", 1), ("fchmod", 1), ("fsync", 1), ("renameat", 1), ("rename,renameat,renameat2", 1), ("fsync", 2),
            ("write", 2),
        ])
    func survivesAKill(_ calls: String, _ number: Int) async throws {
        let before = "A=1\nKEY=\(text(predecessor)) # c\n"
        let after = "A=1\nKEY=\(text(successor)) # c\n"
        try folder.write(before, to: ".env")
        let killed = try await CommandRun(
            [
                "strace", "-f", "-o", "/dev/null", "-e", "trace=\(calls)", "-e",
                "inject=\(calls):signal=KILL:when=\(number)",
                program, "publish",
            ], input: line("KEY"))
        #expect(killed.ending == .signalled(9), "\(killed.errors)")
        let left = try folder.read(".env")
        let wasReplaced = left == after
        #expect(left == before || wasReplaced)
        let again = try await CommandRun([program, "publish"], input: line("KEY"))
        let answer = try JSONValue(parsing: again.output.utf8)
        #expect(answer["outcome"] == (wasReplaced ? "unchanged" : "committed"))
        #expect(try folder.read(".env") == after)
        #expect(try files(folder) == [".env"])
    }

    @Test(
        "a disk that is full or broken is told as such, and nothing is left behind",
        arguments: [
            ("write", "ENOSPC", "rejected", "unavailable"), ("fsync", "EIO", "rejected", "internal"),
            ("renameat", "EROFS", "rejected", "denied"), ("renameat", "EBUSY", "rejected", "configuration"),
            ("renameat", "EIO", "unknown", "internal"), ("flock", "ENOLCK", "rejected", "unavailable"),
        ])
    func tellsFailures(_ call: String, _ error: String, _ outcome: String, _ code: String) async throws {
        let before = "KEY=\(text(predecessor))\n"
        try folder.write(before, to: ".env")
        let result = try await CommandRun(
            [
                "strace", "-f", "-o", "/dev/null", "-e", "trace=\(call)", "-e", "inject=\(call):error=\(error):when=1",
                program, "publish",
            ], input: line("KEY"))
        let answer = try JSONValue(parsing: result.output.utf8)
        #expect(answer["outcome"] == .string(outcome) && answer["error"]?["code"] == .string(code), "\(answer)")
        #expect(try folder.read(".env") == before)
        #expect(try files(folder) == [".env"])
    }
}
