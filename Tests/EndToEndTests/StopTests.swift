import ChildProcesses
import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// Steps that somebody asks to stop while they are at work.
@Suite(.tags(.servers)) struct StopTests {
    /// A publisher that takes its time, with a child of its own, until the file `calm` is there.
    private static let slow = """
        #!/bin/sh
        if [ $1 = info ]; then
            echo '{"protocol": 1, "verbs": ["check", "publish", "verify"], "with": {"optional": ["path"]}}'
            exit
        fi
        read -r request
        [ $1 = verify ] && echo '{"id":"1","outcome":"unverifiable"}' && exit
        [ -e @WORK@/calm ] && echo '{"id":"1","outcome":"committed"}' && exit
        sleep 600 &
        echo $! >@WORK@/began.tmp
        mv @WORK@/began.tmp @WORK@/began
        wait
        """

    private static let create =
        "exec ork-create --predecessor name=checkout-prod --settle 0s --to web=file:path=.env,name=KEY --to api=slow:path=x"

    private static func begin() throws -> ScriptRun {
        let run = try ScriptRun(
            Script(files: [
                Script.File(name: ".env", text: "KEY=@PREDECESSOR_KEY@\n"),
                Script.File(name: "slow", text: slow + "\n"),
            ]))
        for line in ["exec install -m 755 slow ork-publisher-slow", "env ORK_PLUGIN_PATH=$WORK", create] {
            try run.perform(try ScriptWords.split(line, run.variables))
        }
        return run
    }

    /// Runs a command and signals it when `isTime`, by what it has printed so far, and once more when it has said that it
    /// stops and this is asked for.
    private static func stop(
        _ command: String, of run: ScriptRun, by number: Int32, again: Bool = false,
        when isTime: @escaping @Sendable (String) -> Bool
    ) throws -> ProgramRun {
        let logs = try TemporaryDirectory()
        let words = try ScriptWords.split(command, run.variables)
        let victim = Victim()
        let errors = logs.file("stopped.err")
        startThread {
            func wait(for isTime: (String) -> Bool) {
                while !isTime(
                    FileManager.default.contents(atPath: errors).map { String(decoding: $0, as: UTF8.self) } ?? "")
                {
                    usleep(5000)
                }
            }
            wait(for: isTime)
            victim.kill(number)
            guard again else { return }
            wait { $0.contains("stopping") }
            victim.kill(number)
        }
        let program = [BuiltProduct.path(words[0])] + words.dropFirst()
        return try ProgramRun.run(
            program, environment: run.variables, in: run.directory, logs: logs.path, name: "stopped", victim: victim)
    }

    @Test(
        "publishing that is asked to stop ends what it has started, records it, and goes on when it is run again",
        arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
    func publishing(number: Int32, status: Int32) async throws {
        let (stopped, child, again) = try await onOwnThread {
            let run = try Self.begin()
            let began = run.work.file("began")
            let stopped = try Self.stop("ork-publish", of: run, by: number) { _ in
                FileManager.default.fileExists(atPath: began)
            }
            let child = Int32(try run.content("began").filter { $0 != "\n" }) ?? 0
            for line in [
                "cp ork-handoff.json calm", "exec ork-status --json", "stdin stdout",
                #"exec jq -e '.targets == {"api": "unknown", "web": "committed"}'"#, "exec ork-publish",
            ] { try run.perform(try ScriptWords.split(line, run.variables)) }
            return (stopped, child, run.errors)
        }
        #expect(stopped.ending == .exited(status), "\(stopped.errors)")
        #expect(
            stopped.errors.contains(
                "ork-publish: stopped: 1 of 2 targets is written, perhaps api as well, and all that was done is recorded in "
                    + "ork-handoff.json\nork-publish: hint: run the same command again: it goes on from there\n"),
            "\(stopped.errors)")
        #expect(Manners.complaint(stopped, program: "ork-publish") == nil)
        #expect(child > 0 && kill(child, 0) != 0, "what it had started is gone")
        #expect(again.contains("api: "), "\(again)")
    }

    @Test("a second signal ends a step at once that still waits for an answer", arguments: [SIGINT, SIGTERM])
    func twice(number: Int32) async throws {
        let (stopped, length) = try await onOwnThread {
            let run = try Self.begin()
            // It accepts connections, and nobody ever answers.
            let deaf = try Socket.listening()
            run.variables["OPENROUTER_BASE_URL"] = "http://127.0.0.1:\(deaf.port)/api/v1"
            let start = ContinuousClock.now
            let stopped = try Self.stop(
                "ork-create --predecessor name=checkout-prod --handoff other.json", of: run, by: number, again: true
            ) { $0.contains("waiting for an answer of 127.0.0.1") }
            return (stopped, ContinuousClock.now - start)
        }
        #expect(stopped.ending == .signalled(number), "\(stopped.errors)")
        #expect(length < .seconds(25))
    }

    @Test("a step that waits ends at once when it is asked to, and says what it waited for")
    func waiting() async throws {
        let (stopped, length) = try await onOwnThread {
            let run = try Self.begin()
            for line in ["cp ork-handoff.json calm", "exec ork-publish"] {
                try run.perform(try ScriptWords.split(line, run.variables))
            }
            let start = ContinuousClock.now
            let stopped = try Self.stop("ork-verify --require-adoption --wait 1h", of: run, by: SIGTERM) {
                $0.contains("ork-verify: waiting: ")
            }
            return (stopped, ContinuousClock.now - start)
        }
        #expect(stopped.ending == .exited(143), "\(stopped.errors)")
        #expect(
            stopped.errors.contains(
                "ork-verify: stopped: while it waited: 1 of 4 checks did not pass: adopted: no usage yet; not looked at: target api; this verification is not complete"
            ),
            "\(stopped.errors)")
        #expect(length < .seconds(60))
    }

    @Test("a rollback that is asked to stop counts the places that were dropped, too")
    func rollingBack() async throws {
        let stopped = try await onOwnThread {
            let run = try Self.begin()
            for line in ["cp ork-handoff.json calm", "exec ork-publish", "exec ork-create --amend --drop-target web"] {
                try run.perform(try ScriptWords.split(line, run.variables))
            }
            return try Self.stop("ork-rollback --by-hand api --overlap 0s --wait 1h", of: run, by: SIGTERM) {
                $0.contains("ork-rollback: waiting: ")
            }
        }
        #expect(stopped.ending == .exited(143), "\(stopped.errors)")
        #expect(
            stopped.errors.contains(
                "has not been used since it was put back; 2 of 2 targets are put back, and all that"),
            "\(stopped.errors)")
    }
}
