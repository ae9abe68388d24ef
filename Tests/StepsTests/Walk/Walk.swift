import FoundationEssentials
import OpenRouterSandbox
import Rotation
import RotationFixtures
import Secrets
import Steps
import TestSupport

/// A walk: its settings, and what happens in it.
struct Walk: Sendable {
    let settings: WalkWorld.Settings
    var moves: [WalkMove]

    static let length = 30

    init(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        settings = .random(&random)
        moves = (0..<Self.length).map { _ in WalkMove.random(&random) }
    }

    /// What is wrong after a number of moves, and what happened until then.
    struct Fault {
        let complaint: WalkComplaint
        let moves: Int
        /// Whether it came while the messages were followed.
        let isFollowed: Bool
        let story: String
    }

    /// Walks, and follows the messages from each state for which `follows` says so, by the world and the number of moves.
    func run(
        keepsStory: Bool = false, counts: (Int) -> Void = { _ in }, follows: (WalkWorld, Int) -> Bool,
        memory: inout WalkMemory, each: (Fault) -> Bool
    ) throws {
        var world = try WalkWorld(settings)
        var story = ["settings: \(settings)"]
        for (index, move) in moves.enumerated() {
            let before = world
            let ending = world.make(move)
            if keepsStory {
                story.append("  \(move)" + (ending.map { "\n        \($0.command)\n        \($0.text)" } ?? ""))
            }
            func tell(_ complaints: [WalkComplaint], _ trail: [String]? = nil) -> Bool {
                complaints.allSatisfy { complaint in
                    let text = (story + (trail ?? [])).joined(separator: "\n")
                    return each(Fault(complaint: complaint, moves: index + 1, isFollowed: trail != nil, story: text))
                }
            }
            if let ending {
                counts(1)
                guard tell(WalkOracle(before: before, after: world, ending: ending).complaints()) else { return }
            }
            guard follows(world, index + 1) else { continue }
            var followers = [WalkFollower(world, after: ending)]
            while var follower = followers.popLast() {
                let complaints = follower.follow(&memory)
                counts(follower.ran)
                let trail = keepsStory ? ["  following the messages:"] + follower.trail.map { "    " + $0 } : []
                guard tell(complaints, trail) else { return }
                // Of several ways, a person takes another one.
                for crossroads in follower.crossroads {
                    followers += crossroads.newWays(&memory).map { WalkFollower(crossroads, taking: $0) }
                }
            }
        }
    }
}

extension WalkFollower {
    /// Follows to the end; answers what was wrong on the way and there.
    fileprivate mutating func follow(_ memory: inout WalkMemory) -> [WalkComplaint] {
        let wasFinished = world.state?.isFinished ?? false
        return switch run(&memory) {
        case .finished where !wasFinished: complaints + world.complaintsAtEnd
        case .finished, .joined: complaints
        case .lost(let text): complaints + [WalkComplaint(kind: .deadEnd, text: text)]
        }
    }
}

extension WalkWorld {
    /// What is wrong with a rotation that is said to be finished.
    var complaintsAtEnd: [WalkComplaint] {
        var complaints = orphans.map { key in
            WalkComplaint(
                kind: .orphan, text: "a live key with ork's mark is in no handoff: \(WalkOracle.plain(key.name))")
        }
        if state?.isRolledBack ?? false { return complaints + complaintsAtTheWayBack }
        guard let state, let created = state.created else { return complaints }
        let places = state.keptTargets.map(\.name.description)
        let lacking = places.filter {
            simulated.holding($0)?.hash != created.hash.description && !disturbed.contains($0)
                && !simulated.unreadable.contains($0)
        }
        if !lacking.isEmpty {
            complaints.append(
                WalkComplaint(
                    kind: .falseClaim, text: "finished, and \(lacking.joined(separator: ", ")) holds another value"))
        }
        return complaints
    }

    /// What is wrong with one that is said to be rolled back.
    private var complaintsAtTheWayBack: [WalkComplaint] {
        guard let state else { return [] }
        let successor = state.created.flatMap { key($0.hash) }
        if let successor, successor.deletedAt == nil {
            return [WalkComplaint(kind: .falseClaim, text: "rolled back, and the successor is there")]
        }
        let hashes = Set(state.header.predecessors.map(\.hash.description))
        let lacking = state.reachedTargets.filter { target in
            let place = target.name.description
            return !(state.putBack(target)?.isByHand ?? false) && !disturbed.contains(place)
                && !simulated.unreadable.contains(place) && !hashes.contains(simulated.holding(place)?.hash ?? "")
        }
        guard successor != nil, !lacking.isEmpty else { return [] }
        let names = lacking.map(\.name.description).joined(separator: ", ")
        return [WalkComplaint(kind: .falseClaim, text: "rolled back, and \(names) holds another value")]
    }

    /// The state in a few words: from one with new words the messages are followed.
    var outline: String {
        let state = state
        let known = state?.knownKeys ?? []
        let keys = keys(state?.header.base ?? rotation.base)
        var words = [identity.rawValue, state?.phase.rawValue ?? "", state?.isSealed ?? false ? "sealed" : ""]
        for place in state?.plan.targets.map(\.name) ?? [] {
            let key = simulated.holding(place.description)
            let isOwn = key?.hash == state?.created?.hash.description
            let isHeld = state?.isPublished(place) ?? false
            words.append(isOwn ? "own" : key == nil ? "none" : "other")
            words.append(isHeld ? state?.verification(of: [place]) == nil ? "held" : "verified" : "open")
        }
        let successor = state?.created.flatMap { key($0.hash) }.map(works)
        words.append(successor.map { $0 ? "works" : "dead" } ?? "none")
        let predecessors = state?.header.predecessors.compactMap { key($0.hash) } ?? []
        words += [
            "\(predecessors.contains(where: works))", "\(predecessors.contains { $0.disabled && $0.deletedAt == nil })",
        ]
        words.append("\(keys.contains { key in works(key) && !known.contains { $0.description == key.hash } })")
        return words.joined(separator: ",")
    }

    /// The state without moments and hashes: where it is the same, the messages say the same.
    var fingerprint: String {
        let state = state
        var words = [
            settings.description, rotation.rawValue, identity.rawValue, isUnreachable ? "down" : "",
            isRateLimited ? "slow" : "",
            isProbeBroken ? "broken" : "",
        ]
        func say(_ word: String, _ isSo: Bool) { words.append(isSo ? word : "-") }
        if let state {
            words += [
                state.phase.rawValue, state.next(at: simulated.now) ?? "",
                state.plan.predecessor == .name(rotation.base) ? "" : "other",
            ]
            say("sealed", state.isSealed)
            say("approved to publish", state.isApproved(for: .publish))
            say("approved to retire", state.isApproved(for: .retire))
            say("late", state.created.map { simulated.now > $0.publishBy } ?? false)
            say("old", state.verification.map { simulated.now > $0.at.addingTimeInterval(86400) } ?? false)
            words += state.header.predecessors.map { state.status(of: $0.hash) }
            for target in state.plan.targets {
                let name = target.name
                let held = state.isPublished(name) ? state.verification(of: [name]) == nil ? "held" : "verified" : "-"
                words.append(held + (state.doubts[name] != nil ? "?" : ""))
                say("put back", state.putBack(target) != nil)
            }
            say("begun", state.created == nil && !state.minted.isEmpty)
        }
        for place in Lineage.allCases.flatMap({ $0.places.map(\.name) }) {
            let key = simulated.holding(place)
            let isOwn = key?.hash == state?.created?.hash.description
            let isOld = state?.header.predecessors.contains { $0.hash.description == key?.hash } ?? false
            words.append(
                key == nil
                    ? simulated.places[place] == nil ? "nothing" : "other"
                    : isOwn ? "successor" : isOld ? "predecessor" : "otherKey")
            say("works", works(place))
            say("down", (downUntil[place] ?? simulated.now) > simulated.now)
            say("disturbed", disturbed.contains(place))
        }
        for key in keys(state?.header.base ?? rotation.base) {
            let isKnown = state?.knownKeys.contains { $0.description == key.hash } ?? false
            words += [
                isKnown ? "known" : "unknown", key.disabled ? "disabled" : "",
                key.name.hasSuffix(" minting") ? "minting" : "",
            ]
            say("marked", key.name.contains(" disabled:"))
        }
        words.append("\(files.values.filter { !($0.state?.isFinished ?? true) }.count)")
        return words.joined(separator: ",")
    }
}

/// What many walks have found.
struct WalkTally: CustomStringConvertible {
    struct Finding {
        let seed: UInt64
        let complaint: WalkComplaint
        var count = 1
    }

    private(set) var findings: [String: Finding] = [:]
    private var seen: Set<String> = []
    private var memory = WalkMemory()
    private var commands = 0
    private var states = 0

    var description: String {
        "\(states) states, \(memory.gone.count) ways, \(commands) commands, \(findings.count) findings"
    }

    mutating func walk(_ seed: UInt64) throws {
        var (commands, seen, findings, memory) = (0, seen, findings, memory)
        try Walk(seed: seed).run(
            counts: { commands += $0 },
            follows: { world, count in
                count == Walk.length || seen.insert(world.outline).inserted
            }, memory: &memory
        ) { fault in
            let key = WalkTally.signature(fault.complaint)
            findings[key, default: Finding(seed: seed, complaint: fault.complaint, count: 0)].count += 1
            return true
        }
        self.commands += commands
        self.seen = seen
        self.findings = findings
        self.memory = memory
        states = seen.count
    }

    /// A complaint without what differs from walk to walk.
    static func signature(_ complaint: WalkComplaint) -> String {
        "\(complaint.kind.rawValue): \(plain(complaint.text))"
    }

    /// A message without keys, moments and counts.
    static func plain(_ text: String) -> String {
        text.split(separator: " ").filter { !$0.contains(where: \.isNumber) }.joined(separator: " ")
    }
}

extension WalkTally.Finding {
    /// The shortest walk that shows it, with all that was said.
    func told() throws -> String {
        let signature = WalkTally.signature(complaint)
        var walk = Walk(seed: seed)
        func fault(_ walk: Walk, keepsStory: Bool = false, follows: (Int) -> Bool) throws -> Walk.Fault? {
            var found: Walk.Fault?
            var memory = WalkMemory()
            try walk.run(keepsStory: keepsStory, follows: { follows($1) }, memory: &memory) { fault in
                guard WalkTally.signature(fault.complaint) == signature else { return true }
                found = fault
                return false
            }
            return found
        }
        guard let first = try fault(walk, follows: { _ in true }) else {
            return "\(signature) (seed \(seed), does not come again)"
        }
        walk.moves = Array(walk.moves.prefix(first.moves))
        var size = max(1, walk.moves.count / 2)
        while size >= 1 {
            var start = 0
            while start < walk.moves.count {
                var shorter = walk
                shorter.moves.removeSubrange(start..<min(start + size, walk.moves.count))
                if try fault(shorter, follows: { first.isFollowed && $0 == shorter.moves.count }) != nil {
                    walk = shorter
                } else {
                    start += size
                }
            }
            size /= 2
        }
        let story =
            try fault(walk, keepsStory: true, follows: { first.isFollowed && $0 == walk.moves.count })?.story ?? ""
        return
            "\(count) × \(complaint.kind.rawValue): \(complaint.text)\nORK_WALK_SEED=\(seed), \(walk.moves.count) of its moves:\n\(story)"
    }
}
