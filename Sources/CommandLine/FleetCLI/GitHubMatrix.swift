import Fleet
import JSON
import Rotation
import Secrets
import StepCLI

/// A matrix for a GitHub workflow: `strategy: {matrix: ${{ fromJSON(…) }}}`.
struct GitHubMatrix: DueForm {
    static let help = "Print a matrix for fromJSON; as outputs of the job: matrix and count."

    /// A matrix makes at most 256 jobs in a run of a workflow.
    static let limit: Int? = 256

    private let report: DueReport

    init(_ report: DueReport, _: DueFormat.Options) { self.report = report }

    func print(on console: Console) { console.print(matrix) }

    /// An empty matrix is an error to GitHub, so `if:` asks for the count.
    var outputs: String? {
        "matrix=\(String(decoding: matrix.bytes(.compact), as: UTF8.self))\ncount=\(report.due.count)\n"
    }

    private var matrix: JSONValue {
        let rows = report.due.compactMap { finding in
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
