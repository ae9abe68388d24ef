import Glibc
import Synchronization
import TestSupport
import Testing

/// Holds every reply back until no further request has come for a while, and lets all of them go together: what is
/// asked at once is one round, however long each answer takes.
final class RoundGate: Sendable {
    private struct State {
        var waiting = 0
        var rounds = 0
        var lastArrival = ContinuousClock.now
    }

    private let state = Mutex(State())
    /// Long enough for a batch on a machine that has much to do.
    private let grace: Duration = .milliseconds(400)

    /// How many rounds there were.
    var rounds: Int { state.withLock { $0.rounds } }

    /// Waits for the end of the caller's round.
    func pass() {
        let round = state.withLock { state in
            state.waiting += 1
            state.lastArrival = .now
            return state.rounds
        }
        while true {
            usleep(5000)
            let isOver = state.withLock { state in
                if state.rounds == round, state.lastArrival + grace < .now { state.rounds += 1 }
                return state.rounds > round
            }
            if isOver { return }
        }
    }
}

/// How often each step waits for OpenRouter, on the wire: what `RequestTests` counts as one exchange is one round trip.
@Suite(.tags(.servers)) struct RoundTripTests {
    @Test("create waits for OpenRouter 4 times, publish and verify once, retire 3 times a phase")
    func roundTrips() async throws {
        let (rounds, issue) = try await onOwnThread {
            let run = try ScriptRun(Script(files: [Script.File(name: ".env", text: "KEY=@PREDECESSOR_KEY@\n")]))
            let port = run.sandbox.url.dropFirst("http://127.0.0.1:".count).prefix { $0 != "/" }
            let proxy = try FaultProxy(upstreamPort: Int(port) ?? 0)
            run.variables["OPENROUTER_BASE_URL"] = "http://127.0.0.1:\(proxy.port)/api/v1"
            var rounds: [String: Int] = [:]
            for (name, line) in Self.commands {
                let gate = RoundGate()
                proxy.faults = [Fault(.notifyBeforeReply { gate.pass() }, times: .max) { _, _ in true }]
                try run.perform(try ScriptWords.split(line, run.variables))
                rounds[name] = gate.rounds
                if name == "publish" { try run.perform(["sandbox-use", ".env"]) }
            }
            return (rounds, run.errors)
        }
        #expect(rounds == ["create": 4, "publish": 1, "verify": 1, "disable": 3, "delete": 3], "\(issue)")
    }

    private static let commands = [
        (
            "create",
            "exec ork-create --predecessor name=checkout-prod --to file:path=.env,name=KEY --settle 0s --overlap 0s --quiet-for 0s --soak 1h"
        ),
        ("publish", "exec ork-publish"), ("verify", "exec ork-verify"), ("disable", "! exec ork-retire"),
        ("delete", "exec ork-retire --soak 0s"),
    ]
}
