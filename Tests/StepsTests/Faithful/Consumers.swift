import FoundationEssentials
import HTTP
import OpenRouter
import OpenRouterSandbox
import RotationFixtures
import Secrets
import Synchronization
import TestSupport
import Timestamps

/// Applications that read a key at their places now and then, and call models with what they have read last.
///
/// They act when the world is about to change, each call at its own moment: between two changes it does not matter who
/// was first.
final class Consumers: Sendable {
    /// One process of an application.
    struct Consumer: Sendable {
        let place: String
        let model: String
        /// How often it reads its place, and how often it calls, in seconds.
        let pickUp: TimeInterval
        let pause: TimeInterval
        var nextPickUp: Date
        var nextCall: Date
        /// The hash of the key that it has read last.
        var key: String?
    }

    /// A call that was refused, and why.
    struct Failure: Hashable, Sendable, CustomStringConvertible {
        let at: Date
        let place: String
        let reason: String

        var description: String { "\(at.rfc3339) \(place): \(reason)" }
    }

    private struct State {
        var consumers: [Consumer]
        var calls = 0
        var failures: [Failure] = []
    }

    private let simulation: Simulation
    private let state: Mutex<State>

    init(_ consumers: [Consumer], in simulation: Simulation) {
        self.simulation = simulation
        state = Mutex(State(consumers: consumers))
    }

    var failures: [Failure] { state.withLock { $0.failures } }
    var calls: Int { state.withLock { $0.calls } }

    /// Lets everybody do what is due by now.
    func catchUp() {
        state.withLock { state in
            simulation.with { simulated in
                for index in state.consumers.indices { Self.act(&state, index, &simulated) }
            }
        }
    }

    private static func act(_ state: inout State, _ index: Int, _ simulated: inout SimulatedState) {
        var consumer = state.consumers[index]
        while min(consumer.nextPickUp, consumer.nextCall) <= simulated.now {
            if consumer.nextPickUp <= consumer.nextCall {
                // Nobody has written there since the last time that everybody acted.
                consumer.key = simulated.places[consumer.place].flatMap { simulated.sandbox.hash(of: $0) }
                let isAhead = (simulated.now.timeIntervalSince(consumer.nextPickUp) / consumer.pickUp).rounded(.down)
                consumer.nextPickUp += consumer.pickUp * (max(0, isAhead) + 1)
                continue
            }
            let now = consumer.nextCall
            consumer.nextCall += consumer.pause
            state.calls += 1
            if let reason = refusal(consumer.key, at: now, simulated) {
                state.failures.append(Failure(at: now, place: consumer.place, reason: reason))
            } else if let hash = consumer.key {
                let cost = OpenRouterSandbox.Money(consumer.model.hasSuffix(":free") ? "0" : "0.0001")
                simulated.sandbox.use(hash, model: consumer.model, cost: cost, at: now)
            }
        }
        state.consumers[index] = consumer
    }

    private static func refusal(_ hash: String?, at now: Date, _ simulated: SimulatedState) -> String? {
        guard let key = hash.flatMap({ simulated.sandbox.key($0) }) else { return "no key" }
        if key.deletedAt != nil { return "\(key.name) is deleted" }
        if key.disabled { return "\(key.name) is disabled" }
        if key.isOver(at: now) { return "\(key.name) has expired" }
        return key.limit == 0 ? "\(key.name) may not spend" : nil
    }
}

/// The line of a step, on which everybody acts before each exchange.
struct BusyTransport: HTTPTransport {
    let transport: FakeTransport
    let consumers: Consumers

    func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
        consumers.catchUp()
        transport.send(requests, each: each)
    }
}
