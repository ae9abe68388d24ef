import Fleet
import Rotation
import Secrets
import StepCLI
import Wording

/// The report as a table for people.
struct DueTable: DueForm {
    static let help = "Print a table for people."

    private let report: DueReport

    init(_ report: DueReport, _: DueFormat.Options) { self.report = report }

    var hasSentence: Bool { true }

    func print(on _: Console) { Console.print(text) }

    /// The table for a job's summary page. Indented, Markdown shows it as it is: names of keys are other people's text.
    var summary: String {
        let lines = text.split(whereSeparator: \.isNewline).map { "    \($0)\n" }
        return "### ork-due\n\n\(lines.joined())\n"
    }

    private var text: String {
        var rows = [["ROTATION", "STATE", "ACTION", "WHY"]]
        rows += report.due.map { Self.row($0, "due") } + report.waiting.map { Self.row($0, "waiting") }
        rows += report.others.map { Self.row($0, $0.verdict.word) }
        return [AlignedTable(rows).text, "", report.sentence].joined(separator: "\n")
    }

    private static func row(_ finding: DueFinding, _ state: String) -> [String] {
        [
            finding.rotation.description, state, finding.due?.action.rawValue ?? "–",
            DisplayText.line(SecretShape.masking(finding.message), limit: .max),
        ]
    }
}
