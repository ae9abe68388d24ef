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
                "come_back_at": failure.comeBackAt.map { .string($0.rfc3339) } ?? .null,
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
