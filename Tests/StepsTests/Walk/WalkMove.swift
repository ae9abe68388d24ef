import FoundationEssentials
import OpenRouter
import OpenRouterSandbox
import Rotation
import RotationFixtures
import Secrets
import Steps
import TestSupport
import Timestamps

/// One thing that happens in a walk. It says all by itself, so that a walk can be shortened by leaving moves out.
enum WalkMove: Hashable, Sendable {
    /// A command, right or wrong at this moment.
    case run(WalkCommand, WalkProcess.Fault?)
    /// The command that `ork-status` calls the next one.
    case next(WalkProcess.Fault?)
    /// Seconds in which the applications work.
    case pass(Int)
    case put(String, Content)
    case key(Change, Whose)
    case makeOtherKey
    /// OpenRouter does not answer, or refuses for the rate, for so many seconds.
    case unreachable(Int)
    case rateLimited(Int)
    case down(String, Int)
    case breakProbe(Bool)
    case identity(WalkWorld.IdentityInHand)
    case desk(Desk)

    /// What somebody puts at a place, past ork.
    enum Content: String, Sendable, CaseIterable {
        case predecessor, successor, garbage, otherKey, otherLineage, nothing
    }
    enum Change: String, Sendable, CaseIterable { case disable, enable, delete }
    enum Whose: String, Sendable, CaseIterable { case predecessor, successor, otherKey }

    /// What happens to handoffs.
    enum Desk: String, Sendable, CaseIterable {
        case lose = "the handoff is lost"
        case replayLast = "the handoff is replaced by the copy before it"
        case replayFirst = "the handoff is replaced by the first copy of its rotation"
        case nextFile = "another handoff that lies here is taken"
        case newFile = "a new handoff is named"
        case otherRotation = "the other rotation is turned to"
    }
}

extension WalkMove: CustomStringConvertible {
    var description: String {
        switch self {
        case .run(let command, let fault): command.description + Self.text(fault)
        case .next(let fault): "the next command" + Self.text(fault)
        case .pass(let seconds): "\(Interval(seconds: seconds)) pass"
        case .put(let place, let content): "somebody puts \(content.rawValue) at \(place)"
        case .key(let change, let whose): "somebody does \(change.rawValue) the \(whose.rawValue) at openrouter.ai"
        case .makeOtherKey: "somebody makes a key of the same name"
        case .unreachable(let seconds): "OpenRouter is down for \(Interval(seconds: seconds))"
        case .rateLimited(let seconds): "OpenRouter limits the rate for \(Interval(seconds: seconds))"
        case .down(let place, let seconds): "\(place) is down for \(Interval(seconds: seconds))"
        case .breakProbe(let breaks): breaks ? "the application's probe fails" : "the application's probe is put right"
        case .identity(let identity): "the identity in hand is the \(identity.rawValue) one"
        case .desk(let desk): desk.rawValue
        }
    }

    private static func text(_ fault: WalkProcess.Fault?) -> String { fault.map { " [\($0)]" } ?? "" }
}

extension WalkMove {
    private static let commands: [(weight: Int, text: String)] = [
        (3, "ork-create"), (3, "ork-create --supersede"), (1, "ork-create --dry-run"),
        (1, "ork-create --predecessor name=billing-prod"), (1, "ork-create --predecessor name=checkout-prod"),
        (1, "ork-create --predecessor name=chekout-prod"), (1, "ork-create --supersede --dry-run"),
        (1, "ork-create --ignore-references"),
        (3, "ork-publish"), (1, "ork-publish --dry-run"), (2, "ork-publish --all"), (1, "ork-publish --target web"),
        (1, "ork-publish --target edge"), (2, "ork-publish --accept-target web"),
        (1, "ork-publish --accept-target vault"), (1, "ork-publish --accept-target edge"),
        (1, "ork-publish --accept-target web --accept-target vault --accept-target edge --all"),
        (2, "ork-publish --check"), (1, "ork-publish --target nowhere"),
        (4, "ork-verify"), (1, "ork-verify --dry-run"), (2, "ork-verify --keep-secret"),
        (2, "ork-approve"), (1, "ork-approve --for publish"), (1, "ork-approve --for retire"),
        (4, "ork-retire"), (1, "ork-retire --dry-run"), (3, "ork-retire --restore"), (2, "ork-retire --again"),
        (1, "ork-retire --compromised"), (1, "ork-retire --restore --dry-run"),
        (2, "ork-rollback"), (1, "ork-rollback --dry-run"), (1, "ork-rollback --by-hand vault"),
        (1, "ork-rollback --again"),
    ]
    private static let deck = commands.flatMap { entry in
        WalkCommand(entry.text).map { Array(repeating: $0, count: entry.weight) } ?? []
    }
    private static let places = ["web", "vault", "edge"]

    /// A move, the next command more often than others, so that walks get far.
    static func random(_ random: inout some RandomNumberGenerator) -> WalkMove {
        switch Int.random(in: 0..<100, using: &random) {
        case ..<30: return .next(nil)
        case ..<40: return .next(fault(&random))
        case ..<60: return .run(pick(deck, &random) ?? deck[0], nil)
        case ..<63: return .run(pick(deck, &random) ?? deck[0], fault(&random))
        case ..<76: return .pass(pick([1, 60, 1800, 3700, 3700, 7300, 90000], &random) ?? 1)
        case ..<82: return .put(pick(places, &random) ?? "web", pick(Content.allCases, &random) ?? .garbage)
        case ..<86: return .key(pick(Change.allCases, &random) ?? .disable, pick(Whose.allCases, &random) ?? .successor)
        case 86: return .makeOtherKey
        case 87: return .unreachable(pick([5, 120, 4000], &random) ?? 5)
        case 88: return .rateLimited(pick([5, 120], &random) ?? 5)
        case 89: return .down(pick(places, &random) ?? "web", pick([60, 4000], &random) ?? 60)
        case 90: return .breakProbe(Bool.random(using: &random))
        case 91:
            return .identity(
                Int.random(in: 0..<6, using: &random) == 0 ? .lost : pick([.right, .wrong], &random) ?? .right)
        default: return .desk(pick(Desk.allCases, &random) ?? .newFile)
        }
    }

    private static func fault(_ random: inout some RandomNumberGenerator) -> WalkProcess.Fault {
        let effect = Int.random(in: 0..<12, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: return .killBefore(effect)
        case 1, 2: return .killAfter(effect)
        case 3: return .loseReply(effect)
        default: return .drop(effect)
        }
    }

    private static func pick<Element>(_ all: [Element], _ random: inout some RandomNumberGenerator) -> Element? {
        all.randomElement(using: &random)
    }
}

extension WalkWorld.Settings {
    static func random(_ random: inout some RandomNumberGenerator) -> Self {
        Self(
            isGated: Int.random(in: 0..<4, using: &random) == 0,
            requiresAdoption: Int.random(in: 0..<4, using: &random) == 0,
            patience: [0, 3600, 3600].randomElement(using: &random) ?? 3600,
            hasProbe: Bool.random(using: &random))
    }
}

extension WalkWorld {
    /// Makes a move; answers how the command of it ended, if it is one.
    mutating func make(_ move: WalkMove) -> WalkEnding? {
        switch move {
        case .run(let command, let fault): return run(command, fault)
        case .next(let fault):
            guard let command = nextCommand else { return nil }
            return run(command, fault)
        case .pass(let seconds): pass(TimeInterval(seconds))
        case .put(let place, let content): put(content, at: place)
        case .key(let change, let whose): self.change(change, whose)
        case .makeOtherKey:
            let key = simulated.sandbox.addKey(name: rotation.base, limit: 1000, at: simulated.now)
            plaintexts[key.hash] = key.key
        case .unreachable(let seconds): unreachableUntil = simulated.now.addingTimeInterval(TimeInterval(seconds))
        case .rateLimited(let seconds): rateLimitedUntil = simulated.now.addingTimeInterval(TimeInterval(seconds))
        case .down(let place, let seconds): downUntil[place] = simulated.now.addingTimeInterval(TimeInterval(seconds))
        case .breakProbe(let breaks): isProbeBroken = breaks
        // What is gone for good does not come back.
        case .identity(let identity): if self.identity != .lost { self.identity = identity }
        case .desk(let desk): rearrange(desk)
        }
        return nil
    }

    /// What `ork-status` calls next for the handoff in hand; `ork-create` where there is none.
    var nextCommand: WalkCommand? {
        guard handoff != nil else { return WalkCommand("ork-create") }
        guard let state, let next = state.next(at: simulated.now) else { return nil }
        switch state.turn(at: simulated.now) {
        case .approvePublish where settings.isGated: return WalkCommand("ork-approve --for publish")
        case .approveRetire where settings.isGated: return WalkCommand("ork-approve --for retire")
        default: return WalkCommand(next)
        }
    }

    /// The key that people mean.
    func key(_ whose: WalkMove.Whose) -> ProviderKey? {
        let state = state
        switch whose {
        case .successor: return state?.created.flatMap { key($0.hash) }
        case .predecessor:
            guard let state else { return keys(rotation.base).first { works($0) } }
            return state.header.predecessors.last.flatMap { key($0.hash) }
        case .otherKey:
            let known = state?.knownKeys ?? []
            return keys(state?.header.base ?? rotation.base)
                .last { key in !known.contains { $0.description == key.hash } && !key.name.hasSuffix(" minting") }
        }
    }

    private mutating func change(_ change: WalkMove.Change, _ whose: WalkMove.Whose) {
        guard let key = key(whose), key.deletedAt == nil else { return }
        let now = simulated.now
        switch change {
        case .disable: simulated.sandbox.setDisabled(key.hash, at: now)
        case .enable: simulated.sandbox.setDisabled(key.hash, false, at: now)
        case .delete: simulated.sandbox.delete(key.hash, at: now)
        }
    }

    mutating func put(_ content: WalkMove.Content, at place: String) {
        let secret: Secret? =
            switch content {
            case .garbage: Secret("changeme")
            case .nothing: nil
            case .otherLineage:
                keys(rotation == .checkout ? "billing-prod" : "checkout-prod").first.flatMap { plaintexts[$0.hash] }
            case .predecessor: key(.predecessor).flatMap { plaintexts[$0.hash] }
            case .successor: key(.successor).flatMap { plaintexts[$0.hash] }
            case .otherKey: key(.otherKey).flatMap { plaintexts[$0.hash] }
            }
        guard secret != nil || content == .nothing else { return }
        simulated.places[place] = secret
        disturbed.insert(place)
    }

    private mutating func rearrange(_ desk: WalkMove.Desk) {
        let own = copies.filter { $0.handoff.header.digest == handoff?.header.digest }
        switch desk {
        case .lose: replace(nil)
        case .replayLast: if let last = own.last { replace(last) }
        case .replayFirst: if let first = own.first { replace(first) }
        case .nextFile:
            let names = files.keys.sorted()
            if let other = names.first(where: { $0 > file }) ?? names.first { file = other }
        case .newFile: file = newFile()
        case .otherRotation:
            rotation = rotation == .checkout ? .billing : .checkout
            let name = rotation.rawValue
            file = files.keys.sorted().last { files[$0]?.handoff.header.name.description == name } ?? newFile()
        }
    }
}
