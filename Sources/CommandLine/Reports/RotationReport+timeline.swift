import Rotation

extension RotationReport {
    /// Both keys' lives, each target's writes and looks, and what people and checks have said.
    package var timeline: Timeline? {
        var lanes = KeyLife.all(in: self).map(\.lane)
        lanes += state.plan.targets.map { TargetLife($0, self).lane }
        let verified = records.filter { $0.event == .verified }.map {
            Timeline.Mark(word: "verified", at: $0.at, tone: .good)
        }
        if !verified.isEmpty {
            lanes.append(.init(role: "verification", name: "of the successor", bars: [], marks: verified))
        }
        let approved = approvals.map { approval in
            Timeline.Mark(
                word:
                    "approved for \(approval.steps.joined(separator: " and "))\(approval.isValid ? "" : " (void now)")",
                at: approval.record.at, tone: approval.isValid ? .good : .waiting)
        }
        if !approved.isEmpty { lanes.append(.init(role: "approval", name: "by people", bars: [], marks: approved)) }
        return Timeline("rotation \(state.header.name)", lanes)
    }

    /// The whole rotation as one bar.
    var lane: Timeline.Lane {
        Timeline.Lane(
            role: "rotation", name: state.header.name.description,
            bars: [
                .init(
                    kind: state.isFinished ? .over : .underWay, from: begun, until: max(begun, horizon),
                    isOpenAfter: !state.isFinished)
            ], marks: [])
    }
}
