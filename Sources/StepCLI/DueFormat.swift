package import ArgumentParser
package import Rotation
package import Steps

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
