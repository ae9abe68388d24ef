package import FoundationEssentials
package import JSON
package import Secrets
import Sodium
import Timestamps

extension State {
    /// The waves of the plan, lowest first.
    package var waves: [Int] { Set(plan.targets.map(\.wave)).sorted() }

    /// The targets of one wave, in the order of their names.
    package func targets(inWave wave: Int) -> [Plan.Target] { plan.targets.filter { $0.wave == wave } }

    /// Whether the target is recorded to hold the successor.
    package func isPublished(_ name: PlanName) -> Bool { targets[name]?.held != nil }

    /// Whether every target of the plan is recorded to hold the successor; `false` for a plan without targets.
    package var isPublished: Bool { !plan.targets.isEmpty && plan.targets.allSatisfy { isPublished($0.name) } }

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

    /// The newest verification of all targets.
    package var verification: Verification? { verification(of: plan.targets.map(\.name)) }

    /// The last write to any target; `nil` until all targets hold the successor.
    package var lastWrite: Date? {
        guard isPublished else { return nil }
        return plan.targets.compactMap { targets[$0.name]?.written }.max()
    }

    /// What is recorded of a predecessor, in a word for people.
    package func status(of hash: KeyHash) -> String {
        deleted.contains(hash) ? "deleted" : disabled.contains(hash) ? "disabled" : "live"
    }

    /// What an approval binds: the header with its plan and predecessors, the successor, the targets.
    package var approvalBinding: Digest? {
        guard let created else { return nil }
        let content: JSONValue = [
            "rotation": .string(header.digest.description),
            "successor": .string(created.digest.description),
            "targets": plan.json["targets"] ?? [:],
        ]
        return Digest(of: content.bytes(.canonical))
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
        if isFinished { return .finished }
        if !disabled.isEmpty || !deleted.isEmpty { return .retiring }
        guard created != nil else { return minted.isEmpty ? .intended : .minted }
        guard isPublished else {
            return plan.targets.contains { isPublished($0.name) } ? .publishing : .created
        }
        return verification == nil ? .published : .verified
    }

    /// The stages of a rotation, in order.
    package enum Phase: String, Sendable, CaseIterable {
        case intended, minted, created, publishing, published, verified, retiring, finished

        /// The program that goes on from here.
        package var next: String? {
            switch self {
            case .intended, .minted: "ork-create"
            case .created, .publishing: "ork-publish"
            case .published: "ork-verify"
            case .verified, .retiring: "ork-retire"
            case .finished: nil
            }
        }
    }

    /// The next program, which is `ork-verify` also between two waves.
    package var next: String? {
        guard phase == .publishing,
            let wave = waves.first(where: { wave in targets(inWave: wave).contains { !isPublished($0.name) } })
        else { return phase.next }
        let earlier = plan.targets.filter { $0.wave < wave }.map(\.name)
        return earlier.isEmpty || verification(of: earlier) != nil ? "ork-publish" : "ork-verify"
    }
}

extension State {
    /// The next program at this moment: a verification that has grown too old to disable by is taken again.
    package func next(at now: Date) -> String? {
        guard phase == .verified || phase == .retiring, let verification,
            now > verification.at.addingTimeInterval(Double(plan.verify.validFor.seconds)),
            header.predecessors.contains(where: { !disabled.contains($0.hash) && !deleted.contains($0.hash) })
        else { return next }
        return "ork-verify"
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
