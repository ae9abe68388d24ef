package import FoundationEssentials
package import JSON
package import Secrets
import Sodium
import Timestamps

extension State {
    /// The targets that count: those of the plan that nobody has let go of.
    package var keptTargets: [Plan.Target] { plan.targets.filter { !abandonedTargets.contains($0.name) } }

    /// The waves of the targets that count, lowest first.
    package var waves: [Int] { Set(keptTargets.map(\.wave)).sorted() }

    /// The targets of one wave that count, in the order of their names.
    package func targets(inWave wave: Int) -> [Plan.Target] { keptTargets.filter { $0.wave == wave } }

    /// Whether the target is recorded to hold the successor.
    package func isPublished(_ name: PlanName) -> Bool { targets[name]?.held != nil }

    /// Whether the target was written, and then another value was seen there, or nobody knows what it holds now.
    package func mayHaveLost(_ name: PlanName) -> Bool {
        targets[name]?.written != nil && (!isPublished(name) || doubts[name] != nil)
    }

    /// Whether every target that counts is recorded to hold the successor; `false` for a plan without targets.
    package var isPublished: Bool { !plan.targets.isEmpty && keptTargets.allSatisfy { isPublished($0.name) } }

    /// The newest verification that has seen what these targets hold now.
    package func verification(of names: [PlanName]) -> Verification? {
        guard !names.isEmpty else { return nil }
        return verifications.last { verification in
            names.allSatisfy { name in
                guard let held = targets[name]?.held else { return false }
                return verification.writes[name] == held.digest
            }
        }
    }

    /// The newest verification of all targets that count.
    package var verification: Verification? { verification(of: keptTargets.map(\.name)) }

    /// The last write to any target that counts; `nil` until all of them hold the successor.
    package var lastWrite: Date? {
        guard isPublished else { return nil }
        return keptTargets.compactMap { targets[$0.name]?.written }.max()
    }

    /// What is recorded of a predecessor, in a word for people.
    package func status(of hash: KeyHash) -> String {
        if deleted.contains(hash) { return "deleted" }
        if isRolledBack { return "live" }
        return restorations[hash] != nil ? "held" : disabled.contains(hash) ? "disabled" : "live"
    }

    /// Whether a verification was made after everything that was restored, by the order of the records.
    package func followsRestorations(_ verification: Verification) -> Bool {
        restorations.values.allSatisfy { $0.place < verification.place }
    }

    /// What an approval binds: the header with its plan and predecessors, the successor, the targets, and which of
    /// these were let go of.
    package var approvalBinding: Digest? {
        guard let created else { return nil }
        var content: JSONObject = [
            "rotation": .string(header.digest.description),
            "successor": .string(created.digest.description),
            "targets": plan.json["targets"] ?? [:],
        ]
        let abandoned = plan.targets.map(\.name).filter(abandonedTargets.contains)
        if !abandoned.isEmpty { content["abandoned"] = .array(abandoned.map { .string($0.description) }) }
        return Digest(of: JSONValue.object(content).bytes(.canonical))
    }

    /// Whether somebody trusted for it has approved that this step goes on with exactly this.
    package func isApproved(for step: StepName) -> Bool {
        guard let binding = approvalBinding else { return false }
        return approvals.contains { $0.binding == binding && $0.steps.contains(step) }
    }

    /// Whether the first wave holds the successor, verified, and later ones are planned.
    package var isPastFirstWave: Bool {
        guard waves.count > 1, let first = waves.first else { return false }
        return verification(of: targets(inWave: first).map(\.name)) != nil
    }

    /// How far the rotation has come, by its records.
    package var phase: Phase {
        if isFinished { return isRolledBack ? .rolledBack : .finished }
        if isRollingBack { return .rollingBack }
        if !restorations.isEmpty { return .held }
        if !disabled.isEmpty || !deleted.isEmpty { return .retiring }
        guard created != nil else { return minted.isEmpty ? .intended : .minted }
        guard isPublished else {
            return keptTargets.contains { isPublished($0.name) } ? .publishing : .created
        }
        return verification == nil ? .published : .verified
    }

    /// The stages of a rotation, in order.
    package enum Phase: String, Sendable, CaseIterable {
        case intended, minted, created, publishing, published, verified, retiring
        /// A predecessor was restored: nothing goes on by itself.
        case held
        case finished
        /// Nothing goes on but the way back.
        case rollingBack = "rolling_back"
        case rolledBack = "rolled_back"

        /// The program that goes on from here.
        package var next: String? {
            switch self {
            case .intended, .minted: "ork-create"
            case .created, .publishing: "ork-publish"
            case .published: "ork-verify"
            case .verified, .retiring: "ork-retire"
            case .held: "ork-retire --again"
            case .rollingBack: "ork-rollback"
            case .finished, .rolledBack: nil
            }
        }
    }

    /// The next program, which is `ork-verify` also between two waves and after something was restored.
    package var next: String? {
        guard !isFinished, !isRollingBack else { return phase.next }
        if keptTargets.contains(where: { canRewrite($0.name) }) { return "ork-publish" }
        // However far retirement has come, by itself or by hand.
        let open = waves.first { wave in targets(inWave: wave).contains { !isPublished($0.name) } }
        if created != nil, let open {
            let earlier = keptTargets.filter { $0.wave < open }.map(\.name)
            return earlier.isEmpty || verification(of: earlier) != nil ? "ork-publish" : "ork-verify"
        }
        switch phase {
        case .held where !(verification.map(followsRestorations) ?? false): return "ork-verify"
        case .retiring where verification == nil && !keptTargets.isEmpty: return "ork-verify"
        default: return phase.next
        }
    }
}

extension State {
    /// The next program at this moment by a machine's clock: a verification that has grown too old to disable by is taken
    /// again.
    package func next(at now: Date) -> String? {
        guard [.verified, .retiring, .held].contains(phase), let verification,
            now > verification.recordedAt.addingTimeInterval(Double(plan.verify.validFor.seconds)),
            header.predecessors.contains(where: { !disabled.contains($0.hash) && !deleted.contains($0.hash) })
        else { return next }
        return "ork-verify"
    }

    /// Whether a target has lost the successor to nothing or to the predecessor, which `ork-publish` writes over, and
    /// the key is there for it.
    private func canRewrite(_ name: PlanName) -> Bool {
        isSealed && isPublished(name) && (doubts[name] == .predecessor || doubts[name] == .nothing)
    }

    /// The same records without some targets: what a dry run assumes.
    package func abandoning(_ names: Set<PlanName>) -> State {
        var state = self
        state.abandon(names)
        return state
    }

    /// The same records with what somebody has just seen at targets that should hold the successor.
    package func doubting(_ doubts: [PlanName: Doubt]) -> State {
        var state = self
        state.doubts.merge(doubts) { _, seen in seen }
        return state
    }

    /// The same records with another plan: what a dry run assumes.
    package func assuming(_ plan: Plan) -> State {
        var state = self
        state.replacePlan(plan)
        return state
    }
}

extension State {
    /// The summary at the head of the handoff, written for people and never read by a step.
    package var summary: JSONValue {
        var targets: JSONObject = [:]
        for target in plan.targets {
            let state = self.targets[target.name]
            targets[target.name.description] = .string(state?.last?.event.rawValue ?? "not yet published")
        }
        var summary: JSONObject = [
            "state": .string(phase.rawValue),
            "successor": created.map { .string($0.name) } ?? .null,
            "targets": .object(targets),
            "next": next.map { .string($0) } ?? .null,
        ]
        if let lastRecordAt { summary["updated"] = .string(lastRecordAt.rfc3339) }
        return .object(summary)
    }
}
