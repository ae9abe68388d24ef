import ChildProcesses
import FoundationEssentials
import Secrets
import TestSupport
import Testing

@Suite(.tags(.processes)) struct ProgramTests {
    private func run(
        _ script: String, input: Secret? = nil, attachment: Secret? = nil, limit: Int = 64 << 10, time: Double = 30
    ) async throws -> (ending: Program.Ending, output: String?) {
        try await onOwnThread {
            let program = Program(
                ["sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"], attachment: attachment, outputLimit: limit
            )
            let result = program.run(input: input, capture: true, until: Date() + time)
            return (result.ending, result.output?.revealed())
        }
    }

    @Test("what goes in comes out, whatever its size")
    func pipes() async throws {
        let text = String(repeating: "0123456789abcdef\n", count: 100_000)
        let result = try await run("cat", input: Secret(text), limit: 8 << 20)
        #expect(result.ending == .exited(0) && result.output == text)
    }

    @Test("an attachment is a file of mode 0600 that can be read more than once, and is on no disk")
    func attachment() async throws {
        let script =
            "cat \(Program.attachmentPath); cat \(Program.attachmentPath); stat -Lc ' %a' \(Program.attachmentPath)"
        let result = try await run(script, attachment: Secret("once"))
        #expect(result.output == "onceonce 600\n")
        #expect(
            try await run("readlink \(Program.attachmentPath)", attachment: Secret("x")).output
                == "/memfd:ork (deleted)\n")
    }

    @Test("the status, the signal, the end of its time and a missing program are told apart")
    func endings() async throws {
        #expect(try await run("exit 3").ending == .exited(3))
        #expect(try await run("kill -9 $$").ending == .signalled(9))
        #expect(try await run("exec sleep 60", time: 0.2).ending == .timedOut)
        let missing = Program(["no-such-program-of-ork"], environment: [:])
        #expect(try await onOwnThread { missing.run(until: Date() + 5).ending } == .notStarted)
    }

    @Test("more than the limit is no output at all")
    func overflow() async throws {
        let result = try await run("head -c 100 /dev/zero", limit: 99)
        #expect(result.ending == .exited(0) && result.output == nil)
    }
}
