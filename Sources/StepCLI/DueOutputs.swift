import JSON
package import Steps

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
