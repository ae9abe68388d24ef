import JSON
package import Rotation
import Secrets
package import Steps

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
