import ChildProcesses
import Glibc
import HTTP
import Synchronization
import TestSupport
import Testing

/// Two runners that meet at a chosen moment.
@Suite(.tags(.servers)) struct CrashSweepRaceTests {
    @Test("a runner that is held up does not delete what another one has activated meanwhile")
    func heldUpRunnerDeletesNothingOfOthers() async throws {
        try await onOwnThread {
            let fixture = try RotationRunFixture()
            // A create that died after minting, before it could record it.
            let crashed = try fixture.run(
                "ork-create", handoffs: ["a.json"],
                wrapper: [
                    "/usr/bin/strace", "-o", "/dev/null", "-e", "trace=rename", "-e",
                    "inject=rename:signal=KILL:when=2",
                ])
            guard crashed.ending == .signalled(SIGKILL) else { throw Complaint("it was not killed") }
            try fixture.directory.write(try fixture.directory.read("a.json"), to: "b.json")

            let first = Signal(), second = Signal(), deleting = Signal()
            fixture.proxy.faults = [
                // The first runner's activation waits until the second one has read everything and wants to delete.
                Fault(
                    .notifyBeforeRequest {
                        startThread {
                            _ = try? fixture.run("ork-create", handoffs: ["b.json"])
                            second.set()
                            deleting.set()
                        }
                        // From now on the next DELETE is the second runner's.
                        fixture.proxy.faults = [
                            Fault(
                                .notifyBeforeRequest {
                                    deleting.set()
                                    first.wait()
                                }, where: { method, _ in method == "DELETE" })
                        ]
                        deleting.wait()
                    }, where: { method, _ in method == "PATCH" })
            ]
            let run = try fixture.run("ork-create", handoffs: ["a.json"])
            first.set()
            second.wait()
            guard run.isDone else { throw Complaint("the first runner failed: \(run.errors)") }
            for stage in Stage.rotation.dropFirst() {
                let run = try fixture.perform(stage, handoffs: ["a.json"])
                guard run.isDone else { throw Complaint("\(stage): \(run.errors)") }
            }
            try fixture.checkEnd()
        }
    }

    @Test("the application works on while use shows late and keys become known late", arguments: 0..<3)
    func rotationsBearDelays(_ number: Int) async throws {
        let options = [
            ["--propagation", "1", "--usage-lag", "1"], ["--propagation", "2"], ["--usage-lag", "2"],
        ][number]
        try await onOwnThread {
            let fixture = try RotationRunFixture(
                sandbox: options,
                flags: ["--settle", "3s", "--overlap", "0s", "--quiet-for", "3s", "--soak", "1s"])
            _ = try concurrently(1) { _ in
                for stage in Stage.rotation {
                    let run = try fixture.run(
                        stage.program, handoffs: ["ork-handoff.json"], options: ["--wait", "30s"])
                    guard run.isDone else { throw Complaint("\(stage): \(run.errors)") }
                }
            } whileRunning: {
                try fixture.observe()
                try fixture.useKeys()
            }
            try fixture.checkEnd()
        }
    }
}

/// A moment that threads wait for.
private final class Signal: Sendable {
    private let isSet = Mutex(false)

    func set() { isSet.withLock { $0 = true } }

    /// Gives up after a minute.
    func wait() {
        let end = ContinuousClock.now + .seconds(60)
        while !isSet.withLock({ $0 }), ContinuousClock.now < end { usleep(1000) }
    }
}
