import FoundationEssentials
import HTTP
import JSON
import OpenRouterSandbox
import PublisherKit
import Secrets
import Sodium
import Steps
import Synchronization
import Testing
import Timestamps

/// A key as the sandbox has it; OpenRouter's module has another `Key`.
typealias ProviderKey = Key

/// Everything outside the steps as one value: OpenRouter, what each place holds, the time, and what goes wrong next.
struct Things: Sendable {
    var sandbox = Sandbox()
    var now = Date(timeIntervalSince1970: 1_795_402_800)
    /// How far this machine's clock is ahead of OpenRouter's, in seconds.
    var skew: TimeInterval = 0
    /// What each place holds, by the name of the place.
    var places: [String: Secret] = [:]
    /// Places that can be written and not read.
    var unreadable: Set<String> = []
    /// What happens at the next writes to a place, instead of the write or after it.
    var troubles: [String: [Trouble]] = [:]
    /// The status that the application's own address answers.
    var health = 200

    enum Trouble: Sendable {
        case reject(PublisherError.Code)
        /// Written, and the publisher does not say so.
        case unknownButWritten
        case unknownAndNotWritten
        /// What the publisher answers, right or wrong, and its words.
        case answer(PublisherOutcome, String? = nil)
    }

    /// The keys of the account that are there, management keys left out.
    var keys: [ProviderKey] { sandbox.keys.filter { $0.deletedAt == nil && !$0.isManagement } }

    /// The key that a place holds.
    func holding(_ place: String) -> ProviderKey? {
        places[place].flatMap { sandbox.hash(of: $0) }.flatMap { sandbox.key($0) }
    }

    /// The places whose application has no key that works.
    var outages: [String] {
        places.keys.filter { place in
            guard let key = holding(place) else { return true }
            return key.deletedAt != nil || key.disabled || key.isOver(at: now) || key.name.hasSuffix(" minting")
        }.sorted()
    }

    /// Every application calls a model once with the key that it holds.
    mutating func useAll(model: String = "openai/gpt-4o") {
        for place in places.keys where !outages.contains(place) {
            guard let key = holding(place) else { continue }
            sandbox.use(key.hash, model: model, cost: model.hasSuffix(":free") ? 0 : 1, at: now)
        }
    }
}

extension ProviderKey {
    func isOver(at now: Date) -> Bool { expiresAt.map { $0 <= now } ?? false }
}

/// The one `Things` that the transports, the publishers and the clock of a test share.
final class World: WallClock {
    private let things: Mutex<Things>

    init(_ things: Things = Things()) { self.things = Mutex(things) }

    /// Looks at it, or puts a hand to it.
    func with<Result: Sendable>(_ body: (inout sending Things) -> sending Result) -> Result {
        things.withLock { body(&$0) }
    }

    /// A copy that goes its own way.
    var copied: World { World(value) }

    var value: Things { with { $0 } }
    var now: Date { with { $0.now.addingTimeInterval($0.skew) } }

    func sleep(until date: Date) {
        with { things in things.now = max(things.now, date.addingTimeInterval(-things.skew)) }
    }

    func pass(_ seconds: TimeInterval) { with { $0.now += seconds } }

    /// What management requests were answered, beginning with the `start`th, as `PATCH` and the like.
    func writes(from start: Int = 0) -> [String] {
        value.sandbox.log.dropFirst(start)
            .filter { $0.method != .get && !$0.path.hasPrefix("/analytics") }.map(\.method.rawValue)
    }
}
