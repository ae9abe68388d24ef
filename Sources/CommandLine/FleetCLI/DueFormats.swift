package import ArgumentParser
package import Fleet
package import JSON
package import Rotation
import Secrets
package import StepCLI
import Steps
import Timestamps

/// For whom `ork-due` prints its report.
package enum DueFormat: String, EnumerableFlag, Sendable {
    case table, json, github, gitlab

    package static func help(for value: Self) -> ArgumentHelp? {
        switch value {
        case .table: "Print a table for people."
        case .json: "Print one JSON object."
        case .github: "Print a matrix for fromJSON; as outputs of the job: matrix and count."
        case .gitlab: "Print a child pipeline, in which each job triggers the pipeline of one rotation."
        }
    }

    /// A matrix of GitHub's makes at most 256 jobs in a run of a workflow.
    private static let matrixLimit = 256

    /// The most rotations that can be handed out this way.
    package func limit(_ wanted: Int?) -> Int? { self == .github ? min(wanted ?? .max, Self.matrixLimit) : wanted }

    /// Prints the report on standard output, and its sentence on standard error where that does not have it.
    ///
    /// `template` is the file that GitLab runs for each rotation, `staged` are those with waves after the first.
    package func print(_ report: DueReport, template: String, staged: Set<PlanName>, _ console: Console) {
        switch self {
        case .table: return Console.print(report.text)
        case .json: console.print(report.json)
        case .github: console.print(report.gitHubMatrix)
        case .gitlab: Console.print(report.gitLabPipeline(template: template, staged: staged))
        }
        console.show(.done(report.sentence))
    }
}

extension DueReport {
    /// The table for people.
    package var text: String {
        var rows = [["ROTATION", "STATE", "ACTION", "WHY"]]
        rows += due.map { $0.row("due") } + waiting.map { $0.row("waiting") } + others.map { $0.row($0.word) }
        let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
                + "  " + row[3]
        }
        return (lines + ["", sentence]).joined(separator: "\n")
    }

    /// How many are due, in one sentence.
    package var sentence: String {
        let count = due.count + waiting.count
        var parts = [count == 0 ? "nothing is due" : count == 1 ? "1 rotation is due" : "\(count) rotations are due"]
        if !waiting.isEmpty { parts.append("\(waiting.count) waiting for the limit") }
        let others = [
            ("soaking", "soaking"), ("busy", "being minted"), ("disabled", "switched off"),
            ("problem", "to be looked at"),
        ]
        for (word, meaning) in others {
            let number = self.others.count { $0.word == word }
            if number > 0 { parts.append("\(number) \(meaning)") }
        }
        return parts.joined(separator: ", ")
    }
}

extension DueFinding {
    fileprivate func row(_ state: String) -> [String] {
        [rotation.description, state, due?.action.rawValue ?? "–", DisplayText.line(message, limit: .max)]
    }

    fileprivate var word: String {
        switch verdict {
        case .due: "due"
        case .soaking: "soaking"
        case .current: "current"
        case .busy: "busy"
        case .disabled: "disabled"
        case .problem: "problem"
        }
    }
}

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

extension DueReport {
    /// A child pipeline for GitLab (`trigger: {include: [{artifact: …, job: …}]}`), which triggers one pipeline for each
    /// rotation, from the file `template` in the repository: `include` takes no more than 150 files, and a pipeline of
    /// its own has its own gates, retries and outcome.
    ///
    /// It does not wait for them: a gate may stay closed for days. A pipeline without a job is an error to GitLab, so
    /// where nothing is due there is one that does nothing.
    package func gitLabPipeline(template: String, staged: Set<PlanName>) -> String {
        guard !due.isEmpty else {
            return """
                "nothing is due":
                  variables: {GIT_STRATEGY: none}
                  script: ["echo nothing is due"]
                """
        }
        return due.compactMap { finding in
            finding.due.map { Self.job(finding, $0.action, template, isStaged: staged.contains(finding.rotation)) }
        }.joined(separator: "\n")
    }

    private static func job(
        _ finding: DueFinding, _ action: DueFinding.Action, _ template: String, isStaged: Bool
    ) -> String {
        let name = finding.rotation.description
        return """
            \(quoted("\(action.rawValue) \(name)")):
              trigger:
                include:
                  - local: \(quoted(template))
                    inputs: {rotation: \(quoted(name)), later_waves: \(isStaged)}
              variables:
                ORK_BEGIN: "\(action != .resume)"
                ORK_DUE_ACTION: \(quoted(action.rawValue))
                ORK_DUE_KEY: \(quoted(finding.hash?.description ?? ""))
            """
    }

    // A JSON string is a YAML string.
    private static func quoted(_ text: String) -> String {
        String(decoding: JSONValue.string(text).bytes(.compact), as: UTF8.self)
    }
}

/// What `ork-due` leaves for the CI system: on its summary page, and among a job's outputs.
package struct DueOutputs {
    private let environment: StepEnvironment
    private let console: Console

    package init(_ environment: StepEnvironment, _ console: Console) {
        self.environment = environment
        self.console = console
    }

    /// Says of every problem what to do, shows the table on the summary page, and sets the outputs of a job.
    ///
    /// The outputs are `matrix` and `count`: an empty matrix is an error to GitHub, so `if:` asks for the count.
    package func show(_ report: DueReport, as format: DueFormat) {
        for problem in report.problems {
            guard case .problem(let hint) = problem.verdict else { continue }
            console.warn("\(problem.rotation): \(problem.message); \(hint)")
        }
        if let path = environment["GITHUB_STEP_SUMMARY"] { append(summary(report), to: path) }
        if format == .github, let path = environment["GITHUB_OUTPUT"] {
            let matrix = String(decoding: report.gitHubMatrix.bytes(.compact), as: UTF8.self)
            append("matrix=\(matrix)\ncount=\(report.due.count)\n", to: path)
        }
    }

    // Indented text is shown as it is: names of keys are other people's text.
    private func summary(_ report: DueReport) -> String {
        let lines = report.text.split(whereSeparator: \.isNewline).map { "    \($0)\n" }
        return "### ork-due\n\n\(lines.joined())\n"
    }

    private func append(_ text: String, to path: String) {
        do { try DurableFile(path).append(Array(text.utf8)) } catch {
            console.show(.warning("\(path) cannot be written"))
        }
    }
}
