package import FoundationEssentials
import HTTP
import JSON
package import OpenRouterSandbox
package import PublisherKit
package import Secrets
import Sodium
import Steps
import Synchronization
import Testing
import Timestamps

/// A key as the sandbox has it; OpenRouter's module has another `Key`.
package typealias ProviderKey = Key

/// Everything outside the steps as one value: OpenRouter, what each place holds, the time, and what goes wrong next.
package struct SimulatedState: Sendable {
    package var sandbox = Sandbox()
    package var now = Date(timeIntervalSince1970: 1_795_402_800)
    /// How far this machine's clock is ahead of OpenRouter's, in seconds.
    package var skew: TimeInterval = 0
    /// What each place holds, by the name of the place.
    package var places: [String: Secret] = [:]
    /// Places that can be written and not read.
    package var unreadable: Set<String> = []
    /// How places can be given back what they held: natively, they keep all that they ever held.
    package var rollback = PublisherInformation.Rollback.value
    /// What the publisher says of its reading.
    package var readback = PublisherInformation.Readback.value
    /// Whether it says that this hangs on the target.
    package var readbackVaries = false
    /// What each place was written before.
    package var versions: [String: [Secret]] = [:]
    /// What happens at the next writes to a place, instead of the write or after it.
    package var troubles: [String: [Trouble]] = [:]
    /// The status that the application's own address answers.
    package var health = 200

    package init() {}

    package enum Trouble: Sendable {
        case reject(PublisherError.Code)
        /// Written, and the publisher does not say so.
        case unknownButWritten
        case unknownAndNotWritten
        /// What the publisher answers, right or wrong, and its words.
        case answer(PublisherOutcome, String? = nil)
    }

    /// The keys of the account that are there, management keys left out.
    package var keys: [ProviderKey] { sandbox.keys.filter { $0.deletedAt == nil && !$0.isManagement } }

    /// The key that a place holds.
    package func holding(_ place: String) -> ProviderKey? {
        places[place].flatMap { sandbox.hash(of: $0) }.flatMap { sandbox.key($0) }
    }

    /// The places whose application has no key that works.
    package var outages: [String] {
        places.keys.filter { place in
            guard let key = holding(place) else { return true }
            return key.deletedAt != nil || key.disabled || key.isOver(at: now) || key.name.hasSuffix(" minting")
        }.sorted()
    }

    /// Every application calls a model once with the key that it holds.
    package mutating func useAll(model: String = "openai/gpt-4o") {
        for place in places.keys where !outages.contains(place) {
            guard let key = holding(place) else { continue }
            sandbox.use(key.hash, model: model, cost: model.hasSuffix(":free") ? 0 : 1, at: now)
        }
    }
}

extension ProviderKey {
    package func isOver(at now: Date) -> Bool { expiresAt.map { $0 <= now } ?? false }
}

/// The one `SimulatedState` that the transports, the publishers and the clock of a test share.
package final class Simulation: WallClock {
    private let simulated: Mutex<SimulatedState>

    package init(_ simulated: SimulatedState = SimulatedState()) { self.simulated = Mutex(simulated) }

    /// Looks at it, or puts a hand to it.
    package func with<Result: Sendable>(_ body: (inout sending SimulatedState) -> sending Result) -> Result {
        simulated.withLock { body(&$0) }
    }

    /// A copy that goes its own way.
    package var copied: Simulation { Simulation(value) }

    package var value: SimulatedState { with { $0 } }
    package var now: Date { with { $0.now.addingTimeInterval($0.skew) } }

    package func sleep(until date: Date) {
        with { simulated in simulated.now = max(simulated.now, date.addingTimeInterval(-simulated.skew)) }
    }

    package func pass(_ seconds: TimeInterval) { with { $0.now += seconds } }

    /// What management requests were answered, beginning with the `start`th, as `PATCH` and the like.
    package func writes(from start: Int = 0) -> [String] {
        value.sandbox.log.dropFirst(start)
            .filter { $0.method != .get && !$0.path.hasPrefix("/analytics") }.map(\.method.rawValue)
    }
}
