import Fleet
import JSON
import Rotation
import Secrets
import StepCLI

/// A child pipeline for GitLab (`trigger: {include: [{artifact: …, job: …}]}`), which triggers one pipeline for each
/// rotation, from a file in the repository: `include` takes no more than 150 files, and a pipeline of its own has its
/// own gates, retries and outcome.
///
/// It does not wait for them: a gate may stay closed for days. A pipeline without a job is an error to GitLab, so
/// where nothing is due there is one that does nothing.
struct GitLabPipeline: DueForm {
    static let help = "Print a child pipeline, in which each job triggers the pipeline of one rotation."

    private let report: DueReport
    private let options: DueFormat.Options

    init(_ report: DueReport, _ options: DueFormat.Options) {
        self.report = report
        self.options = options
    }

    func print(on _: Console) {
        let jobs = report.due.compactMap { finding in finding.due.map { job(finding, $0.action) } }
        Console.print(jobs.isEmpty ? Self.nothing : jobs.joined(separator: "\n"))
    }

    private static let nothing = """
        "nothing is due":
          variables: {GIT_STRATEGY: none}
          script: ["echo nothing is due"]
        """

    private func job(_ finding: DueFinding, _ action: DueFinding.Action) -> String {
        let name = finding.rotation.description
        return """
            \(Self.quoted("\(action.rawValue) \(name)")):
              trigger:
                include:
                  - local: \(Self.quoted(options.template))
                    inputs: {rotation: \(Self.quoted(name)), later_waves: \(options.staged.contains(finding.rotation))}
              variables:
                ORK_BEGIN: "\(action != .resume)"
                ORK_DUE_ACTION: \(Self.quoted(action.rawValue))
                ORK_DUE_KEY: \(Self.quoted(finding.hash?.description ?? ""))
            """
    }

    // A JSON string is a YAML string.
    private static func quoted(_ text: String) -> String {
        String(decoding: JSONValue.string(text).bytes(.compact), as: UTF8.self)
    }
}
