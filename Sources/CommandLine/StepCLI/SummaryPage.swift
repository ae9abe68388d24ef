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
            text += "**\(failure.code == .notYet ? "Waiting" : "Failed"):** \(Self.cell(failure.message))\n\n"
            if let hint = failure.hint { text += "\(Self.cell(hint))\n\n" }
        }
        if let state = outcome.state {
            text += Self.rotation(state) + Self.targets(state) + Self.checks(state)
            text += Self.next(state, failure)
        }
        self.text = text
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
            let last = state.targets[target.name]?.last
            rows.append([
                target.name.description, "\(target.publisher)", String(target.wave),
                last?.event.rawValue ?? "not yet published", last?.at.rfc3339 ?? "–",
            ])
        }
        return table(rows)
    }

    private static func checks(_ state: State) -> String {
        var rows = [["check", "outcome", "seen", "at"]]
        for check in state.checks {
            let outcome = check.outcome == "not_yet" ? "not yet" : check.outcome
            rows.append([check.name, outcome, check.seen, check.at.rfc3339])
        }
        return table(rows)
    }

    private static func next(_ state: State, _ failure: StepError?) -> String {
        guard let next = state.next(at: SystemClock().now) else { return "The rotation is finished.\n\n" }
        let moment = failure?.retryAt.map { ", not before \($0.rfc3339)" } ?? ""
        return "**Next:** \(next)\(moment)\n\n"
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
