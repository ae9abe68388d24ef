import Fleet
import JSON
import Rotation
import Secrets
import StepCLI
import Timestamps

/// The report for programs: seven lists, each rotation in one of them.
struct DueJSON: DueForm {
    static let help = "Print one JSON object."

    private let report: DueReport

    init(_ report: DueReport, _: DueFormat.Options) { self.report = report }

    func print(on console: Console) {
        var lists: [String: [JSONValue]] = [:]
        for finding in report.others { lists[Self.list(finding), default: []].append(Self.json(finding)) }
        var json: JSONObject = [
            "due": .array(report.due.map(Self.json)), "waiting": .array(report.waiting.map(Self.json)),
        ]
        for list in ["soaking", "current", "busy", "disabled", "problems"] { json[list] = .array(lists[list] ?? []) }
        console.print(.object(json))
    }

    private static func list(_ finding: DueFinding) -> String {
        if case .problem = finding.verdict { "problems" } else { finding.verdict.word }
    }

    private static func json(_ finding: DueFinding) -> JSONValue {
        var json: JSONObject = ["rotation": .string(finding.rotation.description)]
        if let due = finding.due {
            json["reason"] = .string(due.reason.rawValue)
            json["action"] = .string(due.action.rawValue)
            json["since"] = .string(due.since.rfc3339)
        }
        if case .soaking(let end) = finding.verdict { json["until"] = .string(end.rfc3339) }
        json["key"] = finding.key.map { .string($0) } ?? .null
        json["hash"] = finding.hash.map { .string($0.description) } ?? .null
        json["message"] = .string(finding.message)
        if case .problem(let hint) = finding.verdict { json["hint"] = .string(hint) }
        return .object(json)
    }
}
