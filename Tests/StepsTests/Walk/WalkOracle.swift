import FoundationEssentials
import OpenRouter
import OpenRouterSandbox
import Rotation
import RotationFixtures
import Secrets
import Sodium
import Steps
import Timestamps

/// What is wrong with something that a command said or did.
struct WalkComplaint: Hashable, Sendable {
    enum Kind: String, Sendable {
        case falseClaim = "says what is not so"
        case falseZero = "ends with 0 and has not done what was asked for"
        case outage = "takes a key from an application"
        case orphan = "leaves a key that nobody knows"
        case surprise = "does what it should not"
        case harm = "a hint leads to harm"
        case deadEnd = "no printed way leads on"
    }

    let kind: Kind
    /// The message that was wrong, and what a direct look shows.
    let text: String
}

/// Looks at the account and at the places directly after each command, and compares.
struct WalkOracle {
    let before: WalkWorld
    let after: WalkWorld
    let ending: WalkEnding
    /// Whether the command was run because a message said so.
    var isFollowed = false

    private var command: WalkCommand { ending.command }

    func complaints() -> [WalkComplaint] {
        var complaints = outages() + overwritten() + strangers()
        guard !ending.wasKilled else { return complaints }
        complaints += claims()
        if command.isDryRun { complaints += changes() } else if ending.error == nil { complaints += zero() }
        return complaints
    }

    private func complain(_ kind: WalkComplaint.Kind, _ text: String) -> [WalkComplaint] {
        [WalkComplaint(kind: kind, text: text)]
    }

    // MARK: What it says

    private func claims() -> [WalkComplaint] {
        ending.done.flatMap { text -> [WalkComplaint] in
            let false_ = { (what: String) in complain(.falseClaim, "\"\(text)\": \(what)") }
            if text.hasPrefix("verified: ") { return isUnasked ? [] : works(text).map(false_) ?? [] }
            if text.hasPrefix("nothing to do"), text.contains("every target"), command.program == "ork-publish" {
                let unseen = text.split(separator: "not seen at ").dropFirst().first ?? ""
                let empty = targets.filter { !holds($0) && !unseen.contains($0) && !isAbandoned($0) }
                return empty.isEmpty ? [] : false_("another value is at \(empty.joined(separator: ", "))")
            }
            if text.hasPrefix("nothing to do"), text.contains("was created before"), !successorWorks {
                return false_("the successor does not work")
            }
            if text.hasPrefix("nothing to do: every predecessor is deleted") {
                return predecessors.contains { $0.deletedAt == nil } ? false_("a predecessor is still there") : []
            }
            if text.hasPrefix("finished: ") { return finishProblem.map(false_) ?? [] }
            if text.hasPrefix("rolled back: ") { return wayBackProblem.map(false_) ?? [] }
            if command.program == "ork-rollback", text.contains(": holds ") {
                let place = String(text.prefix { $0 != ":" })
                return holdsPredecessor(place) ? [] : false_("another value is there")
            }
            if text.hasSuffix(": written") || text.hasSuffix(": held it already") {
                let place = String(text.prefix { $0 != ":" })
                return holds(place) ? [] : false_("another value is there")
            }
            if text.hasPrefix("created "), ending.error == nil, !successorWorks {
                return false_("the successor does not work")
            }
            if text.hasSuffix(": ready"), command.has("--check") {
                return readiness(String(text.dropLast(": ready".count))).map(false_) ?? []
            }
            return []
        }
    }

    /// What is wrong with "S works at A, B; not seen at C".
    private func works(_ text: String) -> String? {
        guard successorWorks else { return "the successor does not work at OpenRouter" }
        guard let rest = text.split(separator: " works at ", maxSplits: 1).dropFirst().first else { return nil }
        let names = rest.prefix { $0 != ";" }.replacing(", ", with: ",").split(separator: ",").map(String.init)
        let wrong = names.filter { targets.contains($0) && !holds($0) }
        return wrong.isEmpty ? nil : "another value is at \(wrong.joined(separator: ", "))"
    }

    /// Whether publishing now to a target that is called ready would be refused.
    private func readiness(_ name: String) -> String? {
        guard let state = after.state, state.created != nil, successorWorks,
            let command = WalkCommand("ork-publish --all --target \(name)"), !after.isUnreachable, !after.isRateLimited,
            !state.isPublished(PlanName(name) ?? state.header.name)
        else { return nil }
        var copy = after
        let ending = copy.run(command)
        guard let error = ending.error, error.message.contains("\(name) (") else { return nil }
        return "publishing fails: \(error.message)"
    }

    // MARK: What it should have done

    private func zero() -> [WalkComplaint] {
        switch command.program {
        case "ork-create" where command.has("--amend"): return []
        case "ork-create":
            guard successorWorks else { return complain(.falseZero, "ork-create: there is no successor that works") }
            guard command.has("--supersede"), let state = after.state else { return [] }
            let known = Set(state.knownKeys.map(\.description))
            let left = after.keys(state.header.base).filter { after.works($0) && !known.contains($0.hash) }
            return left.isEmpty
                ? [] : complain(.falseZero, "ork-create --supersede: live keys are in no rotation of this handoff")
        case "ork-publish" where !command.has("--check"):
            let asked = command.values("--accept-target") + command.values("--target")
            let unseen = ending.done.filter { $0.contains("not seen at ") }.joined()
            let missing = asked.filter { targets.contains($0) && !holds($0) && !unseen.contains($0) }
            let wanted =
                missing.isEmpty
                ? []
                : complain(.falseZero, "ork-publish: \(missing.joined(separator: ", ")) does not hold the successor")
            return wanted
        case "ork-verify":
            return successorWorks || isUnasked ? [] : complain(.falseZero, "ork-verify: the successor does not work")
        case "ork-approve":
            let steps = command.values("--for").compactMap(StepName.init)
            let open = steps.filter { !(after.state?.isApproved(for: $0) ?? false) }
            let isOver = after.state?.isFinished ?? false
            return open.isEmpty || isOver ? [] : complain(.falseZero, "ork-approve: not approved")
        case "ork-retire" where command.has("--restore"):
            let dead = predecessors.filter { !after.works($0) }
            return dead.isEmpty ? [] : complain(.falseZero, "ork-retire --restore: a predecessor does not work")
        case "ork-retire":
            let left = predecessors.filter { $0.deletedAt == nil }
            return left.isEmpty ? [] : complain(.falseZero, "ork-retire: a predecessor is still there")
        case "ork-rollback" where !ending.done.contains { $0.hasPrefix("nothing to do") }:
            return wayBackProblem.map { complain(.falseZero, "ork-rollback: \($0)") } ?? []
        default: return []
        }
    }

    private func changes() -> [WalkComplaint] {
        let isSame =
            before.simulated.places == after.simulated.places
            && before.files.mapValues(\.handoff) == after.files.mapValues(\.handoff)
            && before.simulated.sandbox.keys.map(Standing.init) == after.simulated.sandbox.keys.map(Standing.init)
        return isSame ? [] : complain(.surprise, "a dry run has changed something")
    }

    private struct Standing: Hashable {
        let name: String
        let isDisabled: Bool
        let deletedAt: Date?
        let limit: OpenRouterSandbox.Money?

        init(_ key: ProviderKey) {
            name = key.name
            isDisabled = key.disabled
            deletedAt = key.deletedAt
            limit = key.limit
        }
    }

    // MARK: What it did to applications

    private func outages() -> [WalkComplaint] {
        before.simulated.keys.filter { key in
            before.works(key) && !(after.simulated.sandbox.key(key.hash).map(after.works) ?? false)
        }.flatMap { key -> [WalkComplaint] in
            let holders = before.simulated.places.keys.filter { before.simulated.holding($0)?.hash == key.hash }
                .sorted()
            let isWayBack = command.program == "ork-rollback" && key.hash == successor?.hash
            guard command.program == "ork-retire" || isWayBack else {
                return complain(.surprise, "\(command.program) ends a live key, \(Self.plain(key.name))")
            }
            let released = Set(command.values("--abandon-target")).union(before.disturbed).union(byHand)
            // Without a quiet time nobody looks for readers of what is no target, or cannot be read.
            let isSeen = { (place: String) in
                after.settings.patience > 0
                    || targets.contains(place) && !before.simulated.unreadable.contains(place)
            }
            let hurt = holders.filter { !released.contains($0) && !isAbandoned($0) && isSeen($0) }
            guard !command.has("--compromised"), !hurt.isEmpty else { return [] }
            return complain(
                .outage, "\(command.program): \(hurt.joined(separator: ", ")) still holds the key that it disables")
        }
    }

    /// An older key over a newer one of its lineage, where the target could be read.
    private func overwritten() -> [WalkComplaint] {
        guard isFollowed, command.program == "ork-publish" else { return [] }
        return after.simulated.places.keys.sorted().flatMap { place -> [WalkComplaint] in
            guard let old = before.simulated.holding(place), let new = after.simulated.holding(place),
                old.hash != new.hash, !before.simulated.unreadable.contains(place), before.works(old),
                KeyName(parsing: old.name).base == KeyName(parsing: new.name).base, old.createdAt > new.createdAt,
                KeyName(parsing: old.name).rotation != nil
            else { return [] }
            return complain(.harm, "\(command) writes an older key over a newer one")
        }
    }

    /// A key of no part of this rotation that the way back writes over.
    private func strangers() -> [WalkComplaint] {
        guard command.program == "ork-rollback" else { return [] }
        let own = Set((after.state?.knownKeys ?? []).map(\.description))
        return after.simulated.places.keys.sorted().flatMap { place -> [WalkComplaint] in
            guard let old = before.simulated.holding(place),
                before.simulated.places[place] != after.simulated.places[place],
                !before.simulated.unreadable.contains(place), before.works(old), !own.contains(old.hash)
            else { return [] }
            return complain(.harm, "ork-rollback writes over a key that is not this rotation's")
        }
    }

    // MARK: What is so

    private var targets: [String] { after.state?.plan.targets.map(\.name.description) ?? [] }

    private var successor: ProviderKey? { after.state?.created.flatMap { after.key($0.hash) } }

    private var successorWorks: Bool { successor.map(after.works) ?? false }

    private var predecessors: [ProviderKey] {
        after.state?.header.predecessors.compactMap { after.key($0.hash) } ?? []
    }

    /// Whether it says that it has not looked at the successor itself.
    private var isUnasked: Bool {
        ending.done.contains { $0.hasSuffix("OpenRouter was not asked, as the key is not at hand") }
    }

    private func isAbandoned(_ place: String) -> Bool {
        after.state?.abandonedTargets.contains { $0.description == place } ?? false
    }

    /// The places that people have put back, as they said.
    private var byHand: Set<String> {
        let state = after.state
        let said = state?.reachedTargets.filter { state?.putBack($0)?.isByHand ?? false } ?? []
        return Set(said.map(\.name.description))
    }

    private func holdsPredecessor(_ place: String) -> Bool {
        after.simulated.holding(place).map { key in predecessors.contains { $0.hash == key.hash } } ?? false
    }

    /// What is missing to a rotation that was taken back.
    private var wayBackProblem: String? {
        if let successor, successor.deletedAt == nil { return "the successor is still there" }
        return predecessors.contains(where: after.works) ? nil : "no predecessor works"
    }

    private func holds(_ place: String) -> Bool {
        successor != nil && after.simulated.holding(place)?.hash == successor?.hash
    }

    /// What is missing to a finished rotation.
    var finishProblem: String? {
        guard successorWorks else { return "the successor does not work" }
        if predecessors.contains(where: { $0.deletedAt == nil }) { return "a predecessor is still there" }
        let empty = targets.filter {
            !holds($0) && !isAbandoned($0) && !before.disturbed.contains($0)
                && !before.simulated.unreadable.contains($0)
        }
        return empty.isEmpty ? nil : "another value is at \(empty.joined(separator: ", "))"
    }

    /// A message without what differs from run to run.
    static func plain(_ name: String) -> String { KeyName(parsing: name).base }
}

extension WalkWorld {
    /// The live keys with ork's mark in the lineage of the rotation in hand that no handoff here knows.
    var orphans: [ProviderKey] {
        let papers = Array(files.values) + copies
        let known = Set(
            papers.flatMap { handoff -> [String] in
                guard let state = handoff.state else { return [] }
                return (state.knownKeys.map(\.description)) + state.minted.map(\.hash.description)
            })
        return keys(state?.header.base ?? "").filter { key in
            works(key) && KeyName(parsing: key.name).rotation != nil && !known.contains(key.hash)
        }
    }
}
