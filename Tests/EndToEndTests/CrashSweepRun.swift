import ChildProcesses
import FoundationEssentials
import Glibc
import Synchronization
import TestSupport

/// One rotation with one fault, from its first stage to its end.
struct CrashRun: Sendable {
    let point: CrashPoint
    let finish: CrashPoint.Finish
    private let fixture: RotationRunFixture

    private static let handoff = "ork-handoff.json"

    /// The fault did not come to pass, so nothing was tried.
    struct Miss: Error {}

    init(_ point: CrashPoint, _ finish: CrashPoint.Finish) throws {
        self.point = point
        self.finish = finish
        func makeFixture(publisher: String = "file") throws -> RotationRunFixture {
            try RotationRunFixture(publisher: publisher, isReferenced: point.course.isReferenced)
        }
        switch point.fault {
        case .publisherKilledAt(let call, let number):
            fixture = try makeFixture(publisher: "swept")
            try installPublisher(
                "exec strace -f -o /dev/null -e trace=\(call.rawValue) "
                    + "-e inject=\(call.rawValue):signal=KILL:when=\(number) \(Self.publisher) \"$@\"")
        case .orphanedPublisher:
            fixture = try makeFixture(publisher: "swept")
            // It reads its request before its parent dies; what it still does, it does alone.
            try installPublisher(
                "IFS= read -r line; kill -KILL $PPID; printf '%s\\n' \"$line\" | \(Self.publisher) \"$@\"; exit")
        default:
            fixture = try makeFixture()
        }
    }

    private static var publisher: String { BuiltProduct.path("ork-publisher-file") }

    /// A publisher that misbehaves when it publishes while the file `armed` is there.
    private func installPublisher(_ action: String) throws {
        let armed = fixture.directory.file("armed")
        let script = """
            #!/bin/sh
            if [ "$1" = publish ] && [ -e \(armed) ]; then
                rm \(armed)
                \(action)
            fi
            exec \(Self.publisher) "$@"
            """
        try fixture.directory.writeProgram(script, to: "ork-publisher-swept")
    }

    /// Throws a `Complaint` if an invariant does not hold.
    func run() throws {
        do {
            try runToFault()
            try fixture.observe()
            try fixture.lists?.join(fixture.sandbox)
            try end()
            // Without the handoff, another rotation takes both keys along.
            try fixture.checkEnd(isBack: point.course.isBack && finish != .noHandoff)
        } catch let complaint as Complaint {
            throw Complaint("\(point), then \(finish.rawValue): \(complaint.text)")
        }
    }

    private func runToFault() throws {
        for stage in point.stagesBefore {
            let run = try fixture.perform(stage, handoffs: [Self.handoff])
            guard run.ending == .exited(stage.status) else {
                throw Complaint("\(stage) without a fault failed: \(run.errors)")
            }
            try copyHandoff(to: "after-\(stage.rawValue).json")
        }
        if point.stage.needsUse { try fixture.useKeys() }
        let run = try strike()
        try checkStrike(run)
    }

    private func copyHandoff(to name: String) throws {
        try? FileManager.default.removeItem(atPath: fixture.directory.file(name))
        try FileManager.default.copyItem(
            atPath: fixture.directory.file(Self.handoff), toPath: fixture.directory.file(name))
    }

    /// Runs the stage under the fault.
    private func strike() throws -> ProgramRun {
        let victim = Victim()
        let before = fixture.proxy.exchanges.count
        var wrapper: [String] = []
        switch point.fault {
        case .killedBeforeRequest(let exchange):
            fixture.proxy.faults = [
                Fault(.notifyBeforeRequest { victim.kill() }, at: before + exchange),
                Fault(.dropRequest, at: before + exchange),
            ]
        case .killedBeforeReply(let exchange):
            fixture.proxy.faults = [
                Fault(.notifyBeforeReply { victim.kill() }, at: before + exchange),
                Fault(.dropReply, at: before + exchange),
            ]
        case .lostReply(let exchange):
            fixture.proxy.faults = [Fault(.dropReply, at: before + exchange)]
        case .killedAt(let call, let number):
            wrapper = [
                "/usr/bin/strace", "-o", "/dev/null", "-e", "trace=\(call.rawValue)",
                "-e", "inject=\(call.rawValue):signal=KILL:when=\(number)",
            ]
        case .publisherKilledAt, .orphanedPublisher:
            try fixture.directory.write("", to: "armed")
        }
        let run = try fixture.run(
            point.stage.program, handoffs: [Self.handoff], options: point.stage.options, wrapper: wrapper,
            victim: victim)
        guard fixture.proxy.faults.isEmpty, !FileManager.default.fileExists(atPath: fixture.directory.file("armed"))
        else {
            throw Miss()
        }
        return run
    }

    private func checkStrike(_ run: ProgramRun) throws {
        switch (point.fault, run.ending) {
        // A publisher that dies is asked once more, whether it has written or not.
        case (.lostReply, .exited(69)): return
        case (.lostReply, .exited(point.stage.status)), (.publisherKilledAt, .exited(point.stage.status)): return
        case (.lostReply, _), (.publisherKilledAt, _):
            throw Complaint("\(point.stage) ended with \(run.ending): \(run.errors)")
        case (_, .signalled(SIGKILL)): return
        default: throw Complaint("\(point.stage) was not killed: \(run.ending): \(run.errors)")
        }
    }

    private func end() throws {
        switch finish {
        case .survivingHandoff:
            try goOn(from: point.stage, handoffs: [Self.handoff])
            let left = ".\(Self.handoff).tmp"
            if FileManager.default.fileExists(atPath: fixture.directory.file(left)) {
                throw Complaint("litter: \(left)")
            }
        case .previousHandoff:
            guard let before = point.stagesBefore.last else { return }
            try goOn(from: point.stage, handoffs: ["after-\(before.rawValue).json"])
        case .firstHandoff:
            try goOn(from: .publishFirst, handoffs: ["after-0.json"])
        case .noHandoff:
            try fixture.finish(from: .create, handoffs: ["ork-handoff-2.json"], supersede: true)
        case .twoRunners:
            try endWithTwoRunners()
        }
    }

    /// Brings the rotation to its end, or takes it back once that has begun; answers whether this runner did.
    @discardableResult
    private func goOn(from stage: Stage, handoffs: [String], letsOthersGoOn: Bool = false) throws -> Bool {
        guard point.stage == .putBack || point.stage == .withdraw else {
            return try fixture.finish(from: stage, handoffs: handoffs, letsOthersGoOn: letsOthersGoOn)
        }
        try fixture.goBack(handoffs: handoffs, letsOthersGoOn: letsOthersGoOn)
        return true
    }

    private func endWithTwoRunners() throws {
        for folder in ["a", "b"] {
            try FileManager.default.createDirectory(
                atPath: fixture.directory.file(folder), withIntermediateDirectories: false)
            if FileManager.default.fileExists(atPath: fixture.directory.file(Self.handoff)) {
                try copyHandoff(to: "\(folder)/\(Self.handoff)")
            }
        }
        let results = try concurrently(2) { number in
            try goOn(
                from: point.stage, handoffs: ["\(["a", "b"][number])/\(Self.handoff)"], letsOthersGoOn: true)
        } whileRunning: {
            try fixture.observe()
        }
        if results.contains(true) { return }
        // Each left it to the other one: a third runner joins what both recorded.
        let handoffs = ["a", "b"].map { "\($0)/\(Self.handoff)" }
            .filter { FileManager.default.fileExists(atPath: fixture.directory.file($0)) }
        try fixture.finish(from: .create, handoffs: handoffs)
    }
}

/// Runs `body` on threads of their own, once for each number below `count`, and meanwhile `sample` again and again.
/// Throws the first error; answers what the bodies answered.
func concurrently<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) throws -> Value, whileRunning sample: () throws -> Void
) throws -> [Value] {
    let results = Results<Value>()
    for number in 0..<count {
        startThread {
            let result = Result { try body(number) }
            results.values.withLock { $0[number] = result }
        }
    }
    var failure: (any Error)?
    while results.values.withLock({ $0.count }) < count {
        do { try sample() } catch { failure = failure ?? error }
        usleep(5000)
    }
    if let failure { throw failure }
    return try (0..<count).compactMap { number in try results.values.withLock { $0[number] }?.get() }
}

private final class Results<Value: Sendable>: Sendable {
    let values = Mutex<[Int: Result<Value, any Error>]>([:])
}
