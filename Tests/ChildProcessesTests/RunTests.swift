import ChildProcesses
import Glibc
import Secrets
import SystemPackage
import TestSupport
import Testing

@Suite(.tags(.processes)) struct RunTests {
    static func run(
        _ script: String, _ options: Run.Options = .init(time: .seconds(120)), attachment: Secret? = nil
    ) async throws -> Run {
        let words = ["/bin/sh", "-c", script]
        let program = Program(words, environment: ["PATH": "/usr/bin:/bin", "A": "a"], attachment: attachment)
        return try await onOwnThread { program.run(options) }
    }

    static func text(_ script: String, attachment: Secret? = nil) async throws -> String? {
        try await run(script, attachment: attachment).output.revealed()
    }

    @Test(
        "how a program ended is told",
        arguments: [
            (["true"], Ending.exited(0)), (["sh", "-c", "exit 7"], .exited(7)),
            (["sh", "-c", "kill -9 $$"], .signalled(9)),
            (["/bin/cat"], .exited(0)), (["no-such-program"], .notStarted(.noSuchFileOrDirectory)),
            (["/no/such/program"], .notStarted(.noSuchFileOrDirectory)), (["/usr/bin"], .notStarted(.isDirectory)),
            (["/etc/passwd"], .notStarted(.permissionDenied)), ([], .notStarted(.noSuchFileOrDirectory)),
            ([""], .notStarted(.noSuchFileOrDirectory)),
        ])
    func endings(words: [String], ending: Ending) async throws {
        let program = Program(words, environment: ["PATH": "bin:/usr/bin:/bin"])
        let run = try await onOwnThread { program.run(.init(time: .seconds(120))) }
        #expect(run.ending == ending && !run.wasStopped)
    }

    @Test("a program is looked for in absolute folders alone, as its own PATH lists them")
    func lookUp() throws {
        let folder = try TemporaryDirectory()
        let file = try folder.writeProgram("#!/bin/sh\n", to: "tool")
        try folder.write("not executable", to: "text")
        #expect(Program(["tool"], environment: ["PATH": "/nowhere:\(folder.path)/"]).file == file)
        #expect(Program(["text"], environment: ["PATH": folder.path]).file == nil)
        #expect(Program(["sh"], environment: ["PATH": "bin:../bin:"]).file == nil)
        #expect(Program(["sh"], environment: [:]).file == "/usr/bin/sh")
    }

    @Test("secret input longer than a pipe comes out as it went in")
    func pipes() async throws {
        let text = String(repeating: "0123456789abcdef\n", count: 100_000)
        let run = try await Self.run("cat", .init(input: Secret(text), outputLimit: 8 << 20, time: .seconds(120)))
        #expect(run.succeeded && run.output == Secret(text) && !run.isCut)
    }

    @Test("a program that fills its pipes and never reads its input is no deadlock")
    func neverReads() async throws {
        let input = Secret(String(repeating: "x", count: 1 << 20))
        let run = try await Self.run(
            "head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2", .init(input: input, time: .seconds(120)))
        #expect(run.succeeded && run.output.count == 64 << 10 && run.errors.count == 64 << 10 && run.isCut)
    }

    @Test("more output than the limit is read, dropped and told")
    func overflow() async throws {
        let exact = try await Self.run("head -c 100 /dev/zero", .init(outputLimit: 100, time: .seconds(120)))
        #expect(exact.output.count == 100 && !exact.isCut)
        let more = try await Self.run("head -c 101 /dev/zero", .init(outputLimit: 100, time: .seconds(120)))
        #expect(more.succeeded && more.output.count == 100 && more.isCut)
    }

    @Test("a program with input kept open ends when enough lines are there")
    func enoughLines() async throws {
        var options = Run.Options(input: Secret("one\ntwo\n"), time: .seconds(120))
        options.keepsInputOpen = true
        options.lines = 2
        let run = try await Self.run("exec cat", options)
        #expect(run.output == Secret("one\ntwo\n") && run.wasStopped && run.ending == .signalled(15))
    }

    @Test(
        "a program that does not end is ended by TERM, and by KILL if it ignores that",
        arguments: [("exec sleep 600", Int32(15)), ("trap '' TERM; while :; do sleep 600; done", Int32(9))])
    func deadlines(script: String, signal: Int32) async throws {
        var options = Run.Options(time: .seconds(2))
        options.grace = .milliseconds(500)
        let run = try await Self.run(script, options)
        #expect(run.wasStopped && run.ending == .signalled(signal))
    }

    @Test("an attachment is a file of mode 0600 that can be read more than once, and is on no disk")
    func attachments() async throws {
        let path = Program.attachmentPath
        let script = "cat \(path); cat \(path); stat -Lc ' %a' \(path); readlink \(path)"
        #expect(try await Self.text(script, attachment: Secret("once")) == "onceonce 600\n/memfd:ork (deleted)\n")
    }

    @Test("the environment is the given one, and the folder too")
    func surroundings() async throws {
        let folder = try TemporaryDirectory()
        let program = Program(["/usr/bin/env"], environment: ["A": "a b"])
        #expect(try await onOwnThread { program.run(.init()).output } == Secret("A=a b\n"))
        let there = Program(["/bin/pwd"], environment: [:], directory: folder.path)
        #expect(try await onOwnThread { there.run(.init()).output } == Secret(folder.path + "\n"))
        _ = try folder.writeProgram("#!/bin/sh\necho found\n", to: "probe")
        let relative = Program(["./probe"], environment: [:], directory: folder.path)
        #expect(try await onOwnThread { relative.run(.init()).output } == Secret("found\n"))
    }

    @Test("no descriptor, blocked or ignored signal is inherited")
    func inheritance() async throws {
        let open = unsafe Glibc.open("/dev/null", O_RDONLY)
        defer { close(open) }
        #expect(try await Self.text("exec ls /proc/self/fd") == "0\n1\n2\n3\n")
        let status = try await onOwnThread {
            var mask = sigset_t()
            unsafe sigfillset(&mask)
            unsafe pthread_sigmask(SIG_BLOCK, &mask, nil)
            return Program(["/bin/grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"]).run(.init()).output.revealed()
        }
        let masks = try #require(status).split(separator: "\n").compactMap { UInt64($0.suffix(16), radix: 16) }
        // Signals 32 and 33 are glibc's own: nobody's sigaction changes them.
        #expect(masks.count == 2 && masks.allSatisfy { $0 & ~(0b11 << 31) == 0 })
    }

    @Test("lines are logged without secrets as they come")
    func logs() async throws {
        let log = try await onOwnThread {
            var log: [String] = []
            let lines = LogLines(Redactor([Secret("secret-text")]), limit: 1 << 10) { log.append($0) }
            let program = Program(["sh", "-c", "echo out $A; echo 'the secret-text' >&2"], environment: ["A": "a"])
            let run = program.run(.init(), log: lines)
            return run.output.count == 0 ? log : []
        }
        #expect(log.sorted() == ["out a", "the <redacted>"])
    }
}
