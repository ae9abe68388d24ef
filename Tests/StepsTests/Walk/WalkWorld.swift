import FoundationEssentials
import OpenRouter
import OpenRouterSandbox
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Sodium
import Steps
import Timestamps

/// What a walk is in: an account with two lineages, the places that hold their keys, and the desk of the person who
/// runs the commands. It is a value, so that a walk can go on from any state in more than one way.
struct WalkWorld: Sendable {
    /// OpenRouter, the places and the time.
    var simulated: SimulatedState
    let settings: Settings
    let identities: WalkIdentities
    /// Whose configuration the person works with.
    var rotation = Lineage.checkout
    /// The handoffs on the desk, by their names.
    private(set) var files: [String: Paper] = [:]
    /// The one that commands are given.
    var file = Self.firstFile
    /// Copies that a CI system keeps of earlier handoffs, the oldest first.
    var copies: [Paper] = []
    var identity = IdentityInHand.right
    /// Until when OpenRouter does not answer, or refuses for the rate.
    var unreachableUntil: Date?
    var rateLimitedUntil: Date?
    /// Until when a place cannot be reached.
    var downUntil: [String: Date] = [:]
    /// The application's own probe fails, whatever key it has.
    var isProbeBroken = false
    /// Places that another hand has changed since a verification has looked at them last.
    var disturbed: Set<String> = []
    /// The plaintext of every key that a place has ever held: what a person can put back there.
    var plaintexts: [String: Secret] = [:]
    /// Every rotation that was ever begun here by its ID, and the successors that each has created.
    var successors: [RotationID: String] = [:]
    private(set) var filesMade = 1

    static let firstFile = "ork-handoff.json"

    /// A handoff, and what it says to whoever does not ask who signed it. Reading it takes long, so it is read once.
    struct Paper: Sendable {
        let handoff: Handoff
        /// `nil` if it is not acceptable.
        let state: State?

        init(_ handoff: Handoff) {
            self.handoff = handoff
            state = try? State(handoff, trust: nil)
        }
    }

    /// What differs between walks.
    struct Settings: Hashable, Sendable, CustomStringConvertible {
        /// Later waves and retirement wait for an approval.
        var isGated = false
        /// The successor has to be seen in use.
        var requiresAdoption = false
        /// Overlap, quiet and soak, in seconds.
        var patience = 3600
        var hasProbe = false

        var description: String {
            "overlap, quiet and soak \(patience)s" + (isGated ? ", with gates" : "")
                + (requiresAdoption ? ", with adoption" : "") + (hasProbe ? ", with a probe" : "")
        }
    }

    /// What the account's keys are for.
    enum Lineage: String, Sendable, CaseIterable {
        case checkout, billing

        var base: String { "\(rawValue)-prod" }
        /// The targets: one that can be read, one that cannot, and one of a second wave.
        var places: [(name: String, wave: Int)] {
            switch self {
            case .checkout: [("edge", 2), ("vault", 1), ("web", 1)]
            case .billing: [("ledger", 1)]
            }
        }
    }

    /// Which identity the commands of this person have.
    enum IdentityInHand: String, Sendable {
        case right
        /// A wrong one, which can be put right.
        case wrong
        /// A new one: the right one is gone for good.
        case lost
    }

    init(_ settings: Settings) throws {
        self.settings = settings
        identities = try WalkIdentities.shared.get()
        simulated = SimulatedState()
        simulated.unreadable = ["vault"]
        for lineage in Lineage.allCases {
            let key = simulated.sandbox.addKey(
                name: lineage.base, limit: 1000, at: simulated.now.addingTimeInterval(-100 * 86400))
            for place in lineage.places { simulated.places[place.name] = key.key }
            plaintexts[key.hash] = key.key
        }
        letApplicationsWork()
    }

    /// The name of a file that is not there yet.
    mutating func newFile() -> String {
        filesMade += 1
        return "ork-handoff-\(filesMade).json"
    }
}

extension WalkWorld {
    /// The plan that is configured for a rotation.
    func plan(_ lineage: Lineage, predecessor: Plan.Predecessor? = nil) -> Plan {
        var plan = Plan(predecessor: predecessor ?? .name(lineage.base))
        plan.targets = lineage.places.compactMap { try? RotationFixture.target($0.name, wave: $0.wave) }
        plan.retire.overlap = Interval(seconds: settings.patience)
        plan.retire.quietFor = Interval(seconds: settings.patience)
        plan.retire.soak = Interval(seconds: settings.patience)
        plan.verify.requiresAdoption = settings.requiresAdoption
        // The application that has a probe is the one that holds what is at web.
        if settings.hasProbe, lineage == .checkout {
            plan.verify.probes = [.http(url: "https://shop.example/health", expect: [200])]
        }
        return plan
    }

    /// The one that the handoff in hand is of; the configured one where there is none.
    var lineageInHand: Lineage { state.flatMap { Lineage(rawValue: $0.header.name.description) } ?? rotation }

    /// The handoff in hand.
    var handoff: Handoff? { files[file]?.handoff }

    /// What its records say, whoever signed them.
    var state: State? { files[file]?.state }

    /// Puts another handoff in the place of the one in hand.
    mutating func replace(_ paper: Paper?) { files[file] = paper }

    /// Lets time pass, in which the applications work.
    mutating func pass(_ seconds: TimeInterval) {
        simulated.now += seconds
        if seconds >= 30 { letApplicationsWork() }
    }

    mutating func pass(until date: Date) { pass(max(0, date.timeIntervalSince(simulated.now))) }

    /// Every application calls a model with the key that its place holds.
    mutating func letApplicationsWork() {
        simulated.letApplicationsWork()
    }

    var isUnreachable: Bool { unreachableUntil.map { $0 > simulated.now } ?? false }
    var isRateLimited: Bool { rateLimitedUntil.map { $0 > simulated.now } ?? false }

    /// Whether a place holds a key that works at this moment.
    func works(_ place: String) -> Bool { simulated.holding(place).map(works) ?? false }

    /// Whether a key works at this moment.
    func works(_ key: ProviderKey) -> Bool {
        key.deletedAt == nil && !key.disabled && !key.isOver(at: simulated.now) && !key.name.hasSuffix(" minting")
    }

    func key(_ hash: KeyHash) -> ProviderKey? { simulated.sandbox.key(hash.description) }

    /// The keys of a lineage that are there, the oldest first.
    func keys(_ base: String) -> [ProviderKey] { simulated.keys.filter { KeyName(parsing: $0.name).base == base } }

    /// Remembers what the places hold, so that it can be put back.
    mutating func rememberPlaintexts() {
        for secret in simulated.places.values {
            if let hash = simulated.sandbox.hash(of: secret) { plaintexts[hash] = secret }
        }
    }
}

extension SimulatedState {
    /// Every application that has a working key calls a model with it.
    mutating func letApplicationsWork() {
        for place in places.keys.sorted() where !outages.contains(place) {
            guard let key = holding(place) else { continue }
            sandbox.use(key.hash, cost: OpenRouterSandbox.Money("0.001"), at: now)
        }
    }
}
