import Reports
import Rotation
import Secrets
import Steps
import Timestamps

/// What a step leaves on the summary page of a CI job, as Markdown: how it ended, the keys' lives as
/// a chart, the targets, the checks, what is next.
struct SummaryPage {
    let text: String

    init(_ outcome: Outcome) {
        let failure = outcome.failure
        var text = "### \(outcome.program)\n\n"
        if let failure {
            text += "**\(Self.heading(failure)):** \(Markdown.text(failure.message))\n\n"
            if let hint = failure.hint { text += "\(Markdown.text(hint))\n\n" }
        }
        if let state = outcome.state {
            text += Self.rotation(state)
            if let timeline = outcome.rotationReport?.timeline { text += MermaidChart(timeline).markdown }
            text += Self.targets(state) + Self.checks(state) + Self.approvals(state)
            text += Self.next(state, outcome)
        }
        self.text = text
    }

    private static func heading(_ failure: StepError) -> String {
        switch failure.code {
        case .notYet: "Waiting"
        case .interrupted, .terminated: "Stopped"
        default: "Failed"
        }
    }

    private static func rotation(_ state: State) -> String {
        var rows = [["rotation", "successor", "predecessors", "state"]]
        let predecessors = state.header.predecessors.map { "\($0.name): \(state.status(of: $0.hash))" }
        rows.append([
            state.header.name.description, state.created?.name ?? "–",
            predecessors.isEmpty ? "none" : predecessors.joined(separator: "; "), state.phase.rawValue,
        ])
        return Markdown.table(rows)
    }

    private static func targets(_ state: State) -> String {
        var rows = [["target", "publisher", "wave", "state", "since"]]
        for target in state.plan.targets {
            let news = TargetNews(target, state)
            let event = news.reason.map { "\(news.event): \($0)" } ?? news.event
            rows.append([
                target.name.description, "\(target.publisher)", String(target.wave), event, news.at?.rfc3339 ?? "–",
            ])
        }
        return Markdown.table(rows)
    }

    private static func checks(_ state: State) -> String {
        var rows = [["check", "outcome", "seen", "at"]]
        for check in state.checks {
            rows.append([check.name, check.result, check.seen, check.at.rfc3339])
        }
        return Markdown.table(rows)
    }

    private static func approvals(_ state: State) -> String {
        var rows = [["approved", "at", ""]]
        for approval in state.approvalNews {
            rows.append([
                approval.steps.joined(separator: ", "), approval.at.rfc3339, approval.isValid ? "valid" : "void",
            ])
        }
        return Markdown.table(rows)
    }

    private static func next(_ state: State, _ outcome: Outcome) -> String {
        guard let next = outcome.next else { return "The rotation is finished.\n\n" }
        let moment = (outcome.failure?.retryAt ?? next.notBefore).map { ", not before \($0.rfc3339)" } ?? ""
        return "**Next:** \(Markdown.text(next.description))\(moment)\n\n"
    }
}
