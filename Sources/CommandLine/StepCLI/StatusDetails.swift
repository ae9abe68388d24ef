import JSON
import PublisherHosting
import Reports
import Rotation
import Secrets
import Timestamps

/// What is recorded of targets, checks and approvals, with the reasons.
struct StatusDetails {
    private let state: State

    init(_ state: State) { self.state = state }

    var lines: [StatusLine] {
        var lines: [StatusLine] = []
        for target in state.plan.targets {
            let news = TargetNews(target, state)
            let moment = news.at.map { " at \($0.rfc3339)" } ?? ""
            let reason = news.reason.map { ": \($0)" } ?? ""
            let what = "\(target.name) (\(target.publisher), wave \(target.wave))"
            lines.append(.init("  target       \(what): \(news.event)\(moment)\(reason)", tone(target)))
        }
        for check in state.checks where check.stands {
            let tone: StatusLine.Tone = check.outcome == "failed" ? .bad : .waiting
            lines.append(
                .init("  check        \(check.name): \(check.result) at \(check.at.rfc3339): \(check.seen)", tone))
        }
        if let verification = state.verification {
            let use = verification.adoption.rawValue
            lines.append(.init("  verified     at \(verification.at.rfc3339), use \(use)", .good))
        }
        for approval in state.approvalNews {
            let void = approval.isValid ? "" : "; void: the plan, the successor or a target has changed since"
            lines.append(
                .init(
                    "  approved     \(approval.steps.joined(separator: " and ")) at \(approval.at.rfc3339)\(void)",
                    approval.isValid ? .good : .waiting))
        }
        return lines
    }

    private func tone(_ target: Plan.Target) -> StatusLine.Tone {
        guard let event = state.targets[target.name]?.last?.event else { return .waiting }
        if event == .rejected { return .bad }
        return state.isPublished(target.name) && state.doubts[target.name] == nil ? .good : .waiting
    }

    var json: JSONValue {
        let predecessors = state.header.predecessors.map { key -> JSONValue in
            [
                "name": .string(key.name), "hash": .string(key.hash.description),
                "status": .string(state.status(of: key.hash)),
            ]
        }
        let targets = state.plan.targets.map { target -> JSONValue in
            let news = TargetNews(target, state)
            var json: JSONObject = [
                "name": .string(target.name.description), "publisher": .string(target.publisher.description),
                "wave": .number(JSONNumber(target.wave)), "outcome": .string(news.event),
            ]
            json["reason"] = news.reason.map { .string($0) }
            json["at"] = news.at.map { .string($0.rfc3339) }
            return .object(json)
        }
        let checks = state.checks.map { check -> JSONValue in
            [
                "name": .string(check.name), "outcome": .string(check.outcome), "seen": .string(check.seen),
                "at": .string(check.at.rfc3339),
            ]
        }
        let approvals = state.approvalNews.map { approval -> JSONValue in
            [
                "for": .array(approval.steps.map { .string($0) }), "at": .string(approval.at.rfc3339),
                "valid": .bool(approval.isValid),
            ]
        }
        return [
            "predecessors": .array(predecessors), "targets": .array(targets), "checks": .array(checks),
            "approvals": .array(approvals),
        ]
    }
}
