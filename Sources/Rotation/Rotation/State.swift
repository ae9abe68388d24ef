package import FoundationEssentials
package import JSON
package import PublisherKit
package import Secrets
import Timestamps

/// What the records of a rotation say, once their signatures, their signers and their chain are accepted.
///
/// It only ever gives permission by what is there: taking records away makes it permit less. What the outside
/// is really like, a step reads for itself.
package struct State: Sendable {
    package let header: RotationHeader
    /// The plan, with the targets and rules that later steps have added by `accepted` records.
    package private(set) var plan: Plan
    /// The digest of the newest records.
    package let head: Digest
    /// Names under which a key was to be minted; each may exist at the provider.
    package private(set) var intended: [String] = []
    /// Whether the rotation was begun with `--supersede`. Earlier versions did not record it.
    package private(set) var supersedes: Bool
    /// Whether somebody has decided that no reference to a predecessor is carried over.
    package private(set) var ignoresReferences = false
    /// Whether somebody has looked after what has no API at OpenRouter.
    package private(set) var isChecklistDone = false
    /// Keys of ours that nobody was given.
    package private(set) var strays: Set<KeyHash> = []
    package private(set) var minted: [Successor] = []
    package private(set) var created: Successor?
    package internal(set) var targets: [PlanName: TargetState] = [:]
    /// What amendments took out of the plan.
    package internal(set) var dropped: [DroppedTarget] = []
    /// Targets that `ork-retire --abandon-target` has let go of, and that were not written since.
    package internal(set) var abandonedTargets: Set<PlanName> = []
    package private(set) var verifications: [Verification] = []
    /// The checks that `ork-verify` made last, each by its name.
    package private(set) var checks: [Check] = []
    /// The names of the checks of `ork-verify` that have passed once, whatever was seen later.
    package private(set) var passedChecks: Set<String> = []
    package private(set) var approvals: [Approval] = []
    package private(set) var readings: [Reading] = []
    /// Differences between the plan and an `ork.yaml` that somebody trusted for create has accepted.
    package private(set) var acceptedDifferences: [JSONValue] = []
    /// What `ork-publish` found when it asked a model with the successor.
    package private(set) var publishProbes: [JSONObject] = []
    /// Foreign keys with the mark `minting` that this rotation set out to delete.
    package private(set) var abandoned: Set<KeyHash> = []
    /// Predecessors that are recorded as disabled, as deleted.
    package private(set) var disabled: Set<KeyHash> = []
    /// When those of them were disabled, by OpenRouter's clock.
    package private(set) var disabledAt: [KeyHash: Date] = [:]
    /// Those of them that `ork-retire --restore` leaves alone: compromised, or disabled by somebody else's hand.
    package private(set) var unrestorable: Set<KeyHash> = []
    package private(set) var deleted: Set<KeyHash> = []
    /// Predecessors that `ork-retire --restore` has enabled, and that nobody is recorded to have disabled since.
    package private(set) var restorations: [KeyHash: Restoration] = [:]
    package private(set) var isFinished = false
    /// Whether `ork-rollback` has begun; nothing else goes on after that.
    package private(set) var isRollingBack = false
    /// Whether it has come to its end.
    package private(set) var isRolledBack = false
    /// The places that hold a predecessor again, by the digest of the place.
    package internal(set) var putBack: [Digest: PutBack] = [:]
    /// Whether the successor can still be read from the handoff by somebody.
    package let isSealed: Bool
    /// Whether somebody can still read a predecessor from it.
    package let isPredecessorKept: Bool
    /// Whether it is recorded that the sealed successor was dropped.
    package private(set) var isKeyDropped = false
    /// Targets at which the last look did not find the successor.
    package internal(set) var doubts: [PlanName: Doubt] = [:]
    /// The moment of the newest record.
    package private(set) var lastRecordAt: Date?
    /// How many records were read: the place of the newest in their order.
    private var place = 0

    /// The new key.
    package struct Successor: Hashable, Sendable {
        package let hash: KeyHash
        package let digest: Digest
        package let name: String
        package let label: String?
        /// The provider's moment of creation.
        package let createdAt: Date
        /// Not handed out after this moment.
        package let publishBy: Date
        /// What it may spend at first; `nil`: its limit is what it stays.
        package var allowance: Allowance?
    }

    /// What is recorded of one target.
    package struct TargetState: Sendable {
        /// The record that last said that the target holds the successor.
        package internal(set) var held: Record?
        /// The last write, or the first sight of the value when there was no write.
        package fileprivate(set) var written: Date?
        /// Whether the successor was written there, or may have been, when the place had another name.
        var wasWritten = false
        /// The last outcome of any kind.
        package internal(set) var last: Record?
        /// What the publisher left with its last `committed`.
        package fileprivate(set) var receipt: JSONObject?
        /// What it held before this rotation wrote there, as far as is known.
        package internal(set) var heldBefore: Held?
        /// The predecessor that it held, where a publisher has told which.
        package internal(set) var replaced: Digest?
    }
}

extension State {
    /// Checks signatures, signers and chain, and reads the records. With `trust: nil`, for people who only look,
    /// the signers are not checked.
    package init(_ handoff: Handoff, trust: Trust?) throws(HandoffError) {
        header = handoff.header
        plan = handoff.header.plan
        supersedes = handoff.header.predecessors.count > 1
        head = handoff.head
        isSealed = !handoff.sealed.isEmpty
        isPredecessorKept = !handoff.kept.isEmpty
        for target in plan.targets { targets[target.name] = TargetState() }
        for record in try handoff.verified(trust: trust) { try read(record, trust) }
    }

    mutating func abandon(_ names: Set<PlanName>) { abandonedTargets.formUnion(names) }

    mutating func replacePlan(_ plan: Plan) {
        self.plan = plan
        for target in plan.targets { targets[target.name] = targets[target.name] ?? TargetState() }
    }

    private mutating func read(_ record: Record, _ trust: Trust?) throws(HandoffError) {
        lastRecordAt = max(lastRecordAt ?? record.at, record.at)
        place += 1
        if record.dropsKey { isKeyDropped = true }
        switch record.event {
        case .intended:
            guard let name = record.detail["name"]?.string else { throw .malformed("an intended record") }
            intended.append(name)
            supersedes = supersedes || record.detail["supersedes"]?.bool ?? false
            ignoresReferences = ignoresReferences || record.detail["ignores"] != nil
            abandoned.formUnion((record.detail["abandons"]?.array ?? []).compactMap { $0.string.flatMap(KeyHash.init) })
        case .stray:
            guard let hash = record.hash else { throw .malformed("a stray record") }
            strays.insert(hash)
            minted.removeAll { $0.hash == hash }
            if created?.hash == hash { created = nil }
        case .minted:
            let successor = try Successor(record)
            if !strays.contains(successor.hash) { minted.append(successor) }
        case .created:
            try readCreated(record)
        case .committed, .unchanged, .rejected, .unknown:
            try readOutcome(record)
        case .observed:
            if record.step != .verify { readings.append(try Reading(record)) }
        case .checked:
            try readChecked(record)
        case .verified:
            verifications.append(try Verification(record, created, place: place))
        case .approved:
            approvals.append(try Approval(record))
        case .accepted:
            try readAccepted(record, trust)
        case .disabled:
            guard let hash = record.hash else { throw .malformed("a disabled record") }
            disabled.insert(hash)
            restorations[hash] = nil
            disabledAt[hash] = record.detail["at"]?.string.flatMap { Date(rfc3339: $0) } ?? record.at
            let isFinal = ["compromised", "found_disabled"].contains { record.detail[$0]?.bool ?? false }
            if isFinal { unrestorable.insert(hash) }
        case .restored:
            guard let hash = record.hash else { return }
            disabled.remove(hash)
            restorations[hash] = Restoration(record, place: place)
        case .deleted:
            guard let hash = record.hash else { return }
            deleted.insert(hash)
            restorations[hash] = nil
        case .finished:
            isFinished = true
            if record.step == .rollback { isRolledBack = true }
        case .raised:
            break
        case .rollingBack:
            isRollingBack = true
        case .rolledBack:
            try readRolledBack(record)
        }
    }

    private mutating func readCreated(_ record: Record) throws(HandoffError) {
        let successor = try Successor(record)
        guard !strays.contains(successor.hash) else { return }
        if let created, created.hash != successor.hash {
            throw HandoffError(
                .contradiction, "the handoff names two successors: \(created.hash.short) and \(successor.hash.short)",
                hint:
                    "go on with one of the two handoffs alone; `ork-create --supersede --handoff NEW.json` retires the "
                    + "other key")
        }
        created = successor
    }

    private mutating func readOutcome(_ record: Record) throws(HandoffError) {
        guard let name = record.target else { throw .malformed("a target's record") }
        if record.event != .rejected { putBack[place(of: record, name)] = nil }
        guard !isOfDroppedPlace(record, name) else { return }
        var target = targets[name] ?? TargetState()
        target.last = record
        target.noteHeld(record)
        if let receipt = record.detail["receipt"]?.object { target.receipt = receipt }
        // Nobody knows what it holds now.
        if record.event == .unknown || record.detail["code"]?.string == "conflict" { target.held = nil }
        let digest = record.detail["digest"]?.string.flatMap { Digest($0) }
        if let digest, digest == created?.digest {
            // It has it, or has it again, and nobody knows since when.
            let isFirstSight = record.event == .unchanged && (target.held == nil || doubts[name] != nil)
            if record.event == .committed || isFirstSight {
                target.held = record
                target.written = record.moment
            }
            if [.committed, .unchanged].contains(record.event) {
                doubts[name] = nil
                abandonedTargets.remove(name)
            }
        }
        targets[name] = target
    }

    /// What has failed since a verification voids it. A probe of `ork-publish` leaves its baseline here.
    private mutating func readChecked(_ record: Record) throws(HandoffError) {
        switch record.step {
        case .verify:
            let isFailed = record.detail["outcome"]?.string == "failed"
            if isFailed { verifications = [] }
            if let check = Check(record) {
                if check.outcome == "passed" { passedChecks.insert(check.name) }
                // What a run checks first; what it does not check any more is of no interest.
                if check.name == Check.first { checks = [] }
                checks = checks.filter { $0.name != check.name } + [check]
            }
            guard let target = record.target else { return }
            doubts[target] = isFailed ? Doubt(record) : nil
        case .publish: publishProbes.append(record.detail)
        default: break
        }
    }

    private mutating func readAccepted(_ record: Record, _ trust: Trust?) throws(HandoffError) {
        do {
            if let name = record.target, let json = record.detail["target"] {
                guard trust?.accepts(record.signer, for: .create) ?? true else {
                    throw HandoffError(
                        .untrusted,
                        "the target \(name) was added by \(record.signer.short), which is not trusted for create",
                        hint: "go on with the handoff from before that, and have the target added: `ork-create --amend`"
                    )
                }
                let target = try Plan.Target(name: name, json, ["targets", name.description], .ignored)
                try add(target)
            } else if let amendment = try Amendment(record) {
                try amend(amendment, at: record.at)
            } else if record.step == .create, let differences = record.detail["differences"] {
                acceptedDifferences.append(differences)
            } else if record.step == .retire, let name = record.target, record.detail["abandoned"]?.bool ?? false {
                abandonedTargets.insert(name)
            } else if record.step == .create, record.detail["ignores"] != nil {
                ignoresReferences = true
            } else if record.step == .retire, record.detail["checklist"]?.bool ?? false {
                isChecklistDone = true
            } else if let rules = record.detail["rules"] {
                try plan.adopt(rules: rules, by: record.step)
            }
        } catch let error as PlanError {
            throw HandoffError(.malformed, "an accepted record is not acceptable: \(error)")
        } catch let error as HandoffError {
            throw error
        } catch {
            throw .malformed("an accepted record")
        }
    }

    /// Parallel jobs may have added the same target, or the same place under another name: it is one target.
    private mutating func add(_ target: Plan.Target) throws(HandoffError) {
        if let known = plan.target(target.name) {
            guard known == target else {
                throw HandoffError(
                    .contradiction, "the handoffs name two places as target \(target.name)",
                    hint: "go on with one of the handoffs alone, and add the other place to it under another name")
            }
            return
        }
        guard !plan.targets.contains(where: { $0.publisher == target.publisher && $0.with == target.with }) else {
            return
        }
        plan.targets.append(target)
        plan.targets.sort { $0.name < $1.name }
        targets[target.name] = targets[target.name] ?? TargetState()
    }
}
