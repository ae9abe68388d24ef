package import ArgumentParser
package import Fleet
package import Rotation
package import StepCLI
import Steps
import Wording

/// For whom `ork-due` prints its report. A new form is a file with a `DueForm`, and its name here.
package enum DueFormat: String, EnumerableFlag, Sendable {
    case table, json, github, gitlab

    private var form: any DueForm.Type {
        switch self {
        case .table: DueTable.self
        case .json: DueJSON.self
        case .github: GitHubMatrix.self
        case .gitlab: GitLabPipeline.self
        }
    }

    package static func help(for value: Self) -> ArgumentHelp? { ArgumentHelp(value.form.help) }

    /// The most rotations that can be handed out this way.
    package func limit(_ wanted: Int?) -> Int? { [wanted, form.limit].compactMap(\.self).min() }

    /// What a form may need beside the report.
    package struct Options: Sendable {
        /// The file that a CI system runs for each rotation.
        package let template: String
        /// The rotations with waves after the first.
        package let staged: Set<PlanName>

        package init(template: String, staged: Set<PlanName>) {
            self.template = template
            self.staged = staged
        }
    }

    /// Says of every problem what to do, prints the report, and leaves the table and the outputs to the CI system.
    package func show(_ report: DueReport, _ options: Options, _ environment: StepEnvironment, _ console: Console) {
        for problem in report.problems {
            guard case .problem(let hint) = problem.verdict else { continue }
            console.warn("\(problem.rotation): \(problem.message); \(hint)")
        }
        let form = form.init(report, options)
        if let path = environment["GITHUB_STEP_SUMMARY"] { console.add(DueTable(report, options).summary, to: path) }
        if let path = environment["GITHUB_OUTPUT"], let outputs = form.outputs { console.add(outputs, to: path) }
        form.print(on: console)
        if !form.hasSentence { console.show(.done(report.sentence)) }
    }
}

/// A form of the report: for people, for programs, for a CI system.
protocol DueForm {
    /// What the flag does.
    static var help: String { get }
    /// The most rotations that can be handed out in this form; `nil` if there is no limit.
    static var limit: Int? { get }

    init(_ report: DueReport, _ options: DueFormat.Options)

    /// Prints the report on standard output.
    func print(on console: Console)
    /// Whether what is printed has the report's sentence; else people read that on standard error.
    var hasSentence: Bool { get }
    /// The outputs of a job at GitHub.
    var outputs: String? { get }
}

extension DueForm {
    static var limit: Int? { nil }
    var hasSentence: Bool { false }
    var outputs: String? { nil }
}

extension DueReport {
    /// How many are due, in one sentence.
    var sentence: String {
        let count = due.count + waiting.count
        var parts = [count == 0 ? "nothing is due" : "\(Counted(count, "rotation").with("is", "are")) due"]
        if !waiting.isEmpty { parts.append("\(waiting.count) waiting for the limit") }
        let others = [
            ("soaking", "soaking"), ("busy", "being minted"), ("disabled", "switched off"),
            ("problem", "to be looked at"),
        ]
        for (word, meaning) in others {
            let number = self.others.count { $0.verdict.word == word }
            if number > 0 { parts.append("\(number) \(meaning)") }
        }
        return parts.joined(separator: ", ")
    }
}
