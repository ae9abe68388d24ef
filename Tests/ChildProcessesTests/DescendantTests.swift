import FoundationEssentials
import Glibc
import Secrets
import TestSupport
import Testing

@testable import ChildProcesses

/// What a child process leaves behind is dead when its run is over, and nobody else's is.
@Suite(.tags(.processes), .serialized) struct DescendantTests {
    /// Ways to leave a process that writes its number to `left`. It holds no pipe of its parent's.
    static let escapes = [
        "stays in the group": "sleep 600 >/dev/null 2>&1 & echo $! >left",
        "leaves by setsid": "setsid sh -c 'echo $$ >left; exec sleep 600' >/dev/null 2>&1 &",
        "leaves by a double fork and setsid":
            #"(setsid sh -c '(setsid sh -c "echo \$\$ >left; exec sleep 600" &)' >/dev/null 2>&1 &)"#,
        "ignores TERM": "setsid sh -c 'trap \"\" TERM; echo $$ >left; while :; do sleep 600; done' >/dev/null 2>&1 &",
        "holds the pipes": "setsid sh -c 'echo $$ >left; exec sleep 600' &",
    ]

    /// What the script does when it has left a process: it ends, or is ended.
    static let ends = [
        "exit 0": false, "kill -9 $$": false, "exec sleep 600": true, "trap '' TERM; sleep 600; sleep 600": true,
    ]

    @Test("a descendant is dead after the run", arguments: escapes.keys.sorted(), ends.keys.sorted())
    func descendantsEnd(escape: String, end: String) async throws {
        let folder = try TemporaryDirectory()
        let isStopped = Self.ends[end] == true
        let script = "\(try #require(Self.escapes[escape]))\nuntil [ -s left ]; do sleep 0.01; done\n\(end)"
        let program = Program(["/bin/sh", "-c", script], directory: folder.path)
        let run = try await onOwnThread {
            var options = Run.Options(time: isStopped ? .seconds(3) : .seconds(300))
            options.grace = .milliseconds(500)
            return program.run(options)
        }
        #expect(run.wasStopped == isStopped)
        let left = try #require(Int32(try folder.read("left").split(separator: "\n").joined()))
        #expect(kill(left, 0) == -1 && errno == ESRCH)
    }

    @Test("looking for what was left keeps no memory, however often it is done")
    func lookingKeepsNothing() throws {
        _ = Descendants.killOrphans()
        let before = try Self.residentPages()
        for _ in 0..<2_000 { _ = Descendants.killOrphans() }
        // It was a page for each thread and look; what runs beside this holds some, too.
        #expect(try Self.residentPages() < before + 4_000)
    }

    /// How much of the memory is this process's, by the second number in proc(5)'s `statm`.
    private static func residentPages() throws -> Int {
        let text = String(decoding: try Data(contentsOf: URL(filePath: "/proc/self/statm")), as: UTF8.self)
        return try #require(Int(text.split(separator: " ")[1]))
    }

    @Test("TERM reaches those who left the group")
    func termReachesAll() async throws {
        let folder = try TemporaryDirectory()
        let script = """
            setsid sh -c 'trap "echo term >said; exit" TERM; echo $$ >left; while :; do sleep 0.05; done' &
            trap '' TERM; until [ -s left ]; do sleep 0.01; done
            echo ready
            until [ -s said ]; do sleep 0.01; done
            """
        let program = Program(["/bin/sh", "-c", script], directory: folder.path)
        let run = try await onOwnThread {
            var options = Run.Options(time: .seconds(300))
            options.lines = 1
            options.grace = .seconds(300)
            return program.run(options)
        }
        #expect(run.ending == .exited(0))
        #expect(try folder.read("said") == "term\n")
    }

    @Test("what one job has started survives the end of another")
    func othersSurvive() async throws {
        let folder = try TemporaryDirectory()
        let escape = try #require(Self.escapes["leaves by a double fork and setsid"])
        let script = """
            \(escape)
            until [ -s left ]; do sleep 0.01; done
            echo >ready; until [ -e go ]; do sleep 0.01; done
            kill -0 $(cat left) && echo alive
            """
        let survivor = Program(["/bin/sh", "-c", script], directory: folder.path)
        let other = Program(
            ["/bin/sh", "-c", "until [ -e ready ]; do sleep 0.01; done; setsid sleep 600 >/dev/null 2>&1 &"],
            directory: folder.path)
        async let run = onOwnThread { survivor.run(.init(time: .seconds(300))) }
        #expect(try await onOwnThread { other.run(.init(time: .seconds(300))) }.ending == .exited(0))
        try folder.write("", to: "go")
        #expect(try await run.output == Secret("alive\n"))
        let left = try #require(Int32(try folder.read("left").split(separator: "\n").joined()))
        #expect(kill(left, 0) == -1 && errno == ESRCH)
    }

    @Test("a child that others of this process have started is left alone")
    func strangersSurvive() async throws {
        let folder = try TemporaryDirectory()
        try await onOwnThread {
            _ = unsafe system("sleep 600 >/dev/null 2>&1 & echo $! >'\(folder.file("left"))'")
            _ = Program(["true"]).run(.init())
        }
        let left = try #require(Int32(try folder.read("left").split(separator: "\n").joined()))
        #expect(kill(left, 0) == 0)
        kill(left, SIGKILL)
        waitpid(left, nil, 0)
    }

    @Test("several run at once, no more than the bound, and leave no zombie")
    func severalAtOnce() async throws {
        let jobs = try await onOwnThread {
            let loop = ProcessLoop(limit: 8)
            let counter = Counter()
            let jobs = (0..<24).map { CountingJob("sleep 0.1; echo \($0)", counter) }
            for job in jobs { loop.add(job) }
            loop.run()
            return jobs.map { (ending: $0.ending, output: $0.output, process: $0.process, most: counter.most) }
        }
        #expect(jobs.allSatisfy { $0.ending == .exited(0) && $0.most <= 8 && $0.most > 1 })
        #expect(jobs.map(\.output) == (0..<24).map { "\($0)\n" })
        for job in jobs { #expect(waitpid(job.process, nil, WNOHANG) == -1 && errno == ECHILD) }
    }
}

/// How many jobs run, and ran at once.
private final class Counter {
    private(set) var most = 0
    var running = 0 {
        didSet { most = max(most, running) }
    }
}

private final class CountingJob: ChildJob {
    private let counter: Counter
    let program: Program
    private(set) var output = ""
    private(set) var ending: Ending?
    private(set) var process: Int32 = 0
    let directive = Directive.work(until: .now + .seconds(300))

    init(_ script: String, _ counter: Counter) {
        program = Program(["/bin/sh", "-c", script])
        self.counter = counter
    }

    func hasStarted(_ process: Int32) -> Bool {
        self.process = process
        counter.running += 1
        return true
    }

    func receiveOutput(_ bytes: ArraySlice<UInt8>) { output += String(decoding: bytes, as: UTF8.self) }
    func receiveErrors(_ bytes: ArraySlice<UInt8>) {}
    func expire(at now: ContinuousClock.Instant) {}

    func hasEnded(_ ending: Ending) {
        counter.running -= 1
        self.ending = ending
    }
}
