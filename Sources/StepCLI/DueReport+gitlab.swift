import JSON
import Rotation
package import Steps

extension DueReport {
    /// A child pipeline for GitLab (`trigger: {include: [{artifact: …, job: …}]}`): one job for each rotation, which
    /// extends `.ork-rotation` of the file `template` in the repository.
    ///
    /// A pipeline without a job is an error to GitLab, so where nothing is due there is one that does nothing.
    package func gitLabPipeline(template: String) -> String {
        guard !due.isEmpty else {
            return """
                "nothing is due":
                  variables: {GIT_STRATEGY: none}
                  script: ["echo nothing is due"]
                """
        }
        var lines = ["include: [{local: \(Self.quoted(template))}]"]
        for finding in due {
            guard let due = finding.due else { continue }
            let name = finding.rotation.description
            lines += [
                "\(Self.quoted("\(due.action.rawValue) \(name)")):", "  extends: .ork-rotation",
                "  variables:", "    ORK_DUE_ROTATION: \(Self.quoted(name))",
                "    ORK_DUE_ACTION: \(Self.quoted(due.action.rawValue))",
                "    ORK_DUE_REASON: \(Self.quoted(due.reason.rawValue))",
            ]
        }
        return lines.joined(separator: "\n")
    }

    // A JSON string is a YAML string.
    private static func quoted(_ text: String) -> String {
        String(decoding: JSONValue.string(text).bytes(.compact), as: UTF8.self)
    }
}
