package import JSON
import Rotation
import Secrets
package import Steps
import Timestamps

extension DueReport {
    /// The report for programs: seven lists, each rotation in one of them.
    package var json: JSONValue {
        var lists: [String: [JSONValue]] = [:]
        for finding in others { lists[finding.state, default: []].append(finding.json) }
        var json: JSONObject = ["due": .array(due.map(\.json)), "waiting": .array(waiting.map(\.json))]
        for state in ["soaking", "current", "busy", "disabled", "problems"] { json[state] = .array(lists[state] ?? []) }
        return .object(json)
    }

    /// A matrix for a GitHub workflow: `strategy: {matrix: ${{ fromJSON(…) }}}`.
    package var gitHubMatrix: JSONValue {
        let rows = due.compactMap { finding in
            finding.due.map { due -> JSONValue in
                [
                    "rotation": .string(finding.rotation.description), "reason": .string(due.reason.rawValue),
                    "action": .string(due.action.rawValue), "key": .string(finding.hash?.description ?? ""),
                ]
            }
        }
        return ["include": .array(rows)]
    }
}

extension DueFinding {
    fileprivate var json: JSONValue {
        var json: JSONObject = ["rotation": .string(rotation.description)]
        if let due {
            json["reason"] = .string(due.reason.rawValue)
            json["action"] = .string(due.action.rawValue)
            json["since"] = .string(due.since.rfc3339)
        }
        if case .soaking(let end) = verdict { json["until"] = .string(end.rfc3339) }
        json["key"] = key.map { .string($0) } ?? .null
        json["hash"] = hash.map { .string($0.description) } ?? .null
        json["message"] = .string(message)
        if case .problem(let hint) = verdict { json["hint"] = .string(hint) }
        return .object(json)
    }

    /// The list that it stands in if it is not due.
    fileprivate var state: String {
        switch verdict {
        case .due: "due"
        case .soaking: "soaking"
        case .current: "current"
        case .busy: "busy"
        case .disabled: "disabled"
        case .problem: "problems"
        }
    }
}
