import Reports
import Rotation
import Secrets
import Steps
import Timestamps

/// What a step leaves on the summary page of a CI job, as Markdown: how it ended, the targets, the checks, what is next.
struct SummaryPage {
    let text: String

    init(_ outcome: Outcome) {
        let failure = outcome.failure
        var text = "### \(outcome.program)\n\n"
        if let failure {
            text += "**\(Self.heading(failure)):** \(Self.cell(failure.message))\n\n"
            if let hint = failure.hint { text += "\(Self.cell(hint))\n\n" }
        }
        if let state = outcome.state {
            text += Self.rotation(state) + Self.targets(state) + Self.checks(state) + Self.approvals(state)
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
        return table(rows)
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
        return table(rows)
    }

    private static func checks(_ state: State) -> String {
        var rows = [["check", "outcome", "seen", "at"]]
        for check in state.checks {
            rows.append([check.name, check.result, check.seen, check.at.rfc3339])
        }
        return table(rows)
    }

    private static func approvals(_ state: State) -> String {
        var rows = [["approved", "at", ""]]
        for approval in state.approvalNews {
            rows.append([
                approval.steps.joined(separator: ", "), approval.at.rfc3339, approval.isValid ? "valid" : "void",
            ])
        }
        return table(rows)
    }

    private static func next(_ state: State, _ outcome: Outcome) -> String {
        guard let next = outcome.next else { return "The rotation is finished.\n\n" }
        let moment = (outcome.failure?.retryAt ?? next.notBefore).map { ", not before \($0.rfc3339)" } ?? ""
        return "**Next:** \(cell(next.description))\(moment)\n\n"
    }

    /// A table with a head; nothing if there is no row below it.
    private static func table(_ rows: [[String]]) -> String {
        guard rows.count > 1 else { return "" }
        var lines = rows.map { "| " + $0.map(cell).joined(separator: " | ") + " |\n" }
        lines.insert("|" + rows[0].map { _ in "---|" }.joined() + "\n", at: 1)
        return lines.joined() + "\n"
    }

    // The page is HTML in the end.
    private static func cell(_ text: String) -> String {
        var result = ""
        for character in DisplayText.line(text, limit: .max) {
            switch character {
            case "|", "`", "*", "_", "[", "]", "\\": result += "\\\(character)"
            case "<": result += "&lt;"
            case "&": result += "&amp;"
            default: result.append(character)
            }
        }
        return result
    }
}
