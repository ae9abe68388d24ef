import JSON
import Rotation
import Secrets
import Steps
import Timestamps

/// How a run ended, for the programs around it: `--json`, the CI system's outputs and its summary page.
struct Outcome {
    private var state: State?
    var failure: StepError?

    /// Takes what the handoff says now. What cannot be accepted is not passed on.
    mutating func look(at session: Session) {
        state = session.journal.handoff.flatMap { try? State($0, trust: session.trust) }
    }

    func publish(_ options: CommonOptions, _ environment: StepEnvironment, _ console: Console, program: String) {
        if options.json { console.print(json) }
        if let path = environment["GITHUB_OUTPUT"] { append(outputs, to: path, console) }
        if let path = environment["GITHUB_STEP_SUMMARY"] {
            append(SummaryPage(program, state, failure).text, to: path, console)
        }
        if let path = options.dotenv { append(variables, to: path, console) }
    }

    private var json: JSONValue {
        var json: JSONObject = ["status": .number(JSONNumber(Int(failure?.code.rawValue ?? 0)))]
        if let state {
            json["rotation"] = .string(state.header.id.description)
            json["name"] = .string(state.header.name.description)
            json["state"] = .string(state.phase.rawValue)
            json["next"] = state.next.map { .string($0) } ?? .null
            json["head"] = .string(state.head.description)
            json["summary"] = state.summary
        }
        if let failure {
            json["error"] = [
                "message": .string(failure.message), "hint": failure.hint.map { .string($0) } ?? .null,
                "come_back_at": failure.retryAt.map { .string($0.rfc3339) } ?? .null,
            ]
        }
        return .object(json)
    }

    private var outputs: String {
        guard let state else { return "" }
        return "rotation=\(state.header.id)\nstate=\(state.phase.rawValue)\nhead=\(state.head)\n"
    }

    private var variables: String {
        guard let state else { return "" }
        return "ORK_ROTATION=\(state.header.id)\nORK_STATE=\(state.phase.rawValue)\nORK_HEAD=\(state.head)\n"
    }

    private func append(_ text: String, to path: String, _ console: Console) {
        do { try DurableFile(path).append(Array(text.utf8)) } catch {
            console.show(.warning("\(path) cannot be written"))
        }
    }
}

/// What a step leaves on the summary page of a CI job, as Markdown: how it ended, the targets, the checks, what is next.
struct SummaryPage {
    let text: String

    init(_ program: String, _ state: State?, _ failure: StepError?) {
        var text = "### \(program)\n\n"
        if let failure {
            text += "**\(failure.code == .notYet ? "Not yet" : "Failed"):** \(Self.cell(failure.message))\n\n"
            if let hint = failure.hint { text += "\(Self.cell(hint))\n\n" }
        }
        if let state {
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
