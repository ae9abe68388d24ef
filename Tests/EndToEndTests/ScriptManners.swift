import ChildProcesses

/// The form in which every program of ork reports: people read it, and logs keep it.
enum Manners {
    /// What a Swift program prints when it breaks, or of an error that nobody put into words.
    private static let traces = [
        "Fatal error", "Debug description", "DecodingError", "JSONError", "Error(", "Optional(", "unexpected error",
        "Swift.", "Foundation", "stack dump",
    ]

    /// How a line begins by which a CI system shows an error, too.
    private static let annotations = ["::error ", "::warning ", "::notice ", "##vso[task.logissue "]

    /// What is wrong with the form of a run: one error line if it failed, or lines that say what it waits for, at most one
    /// hint, nothing secret.
    static func complaint(_ run: ProgramRun, program: String) -> String? {
        var lines = run.errors.split(separator: "\n")
        // Lines for the runner of a CI system.
        lines.removeAll { line in annotations.contains { line.hasPrefix($0) } }
        let errors = lines.filter { $0.contains(": error: ") }
        let hints = lines.filter { $0.contains(": hint: ") }
        if case .signalled(let signal) = run.ending { return "it was ended by signal \(signal)" }
        if let line = lines.first(where: { !$0.hasPrefix("\(program): ") }) { return "a line of another form: \(line)" }
        let isStopped = run.ending == .exited(130) || run.ending == .exited(143)
        if isStopped, !lines.contains(where: { $0.hasPrefix("\(program): stopped: ") }) {
            return "it does not say where it stopped"
        }
        let isEarly = isStopped || run.ending == .exited(75)
        if isEarly, !isStopped, !lines.contains(where: { $0.hasPrefix("\(program): waiting: ") }) {
            return "it does not say why it waits"
        }
        if errors.count != (run.isDone || isEarly ? 0 : 1) { return "\(errors.count) error lines" }
        if hints.count > (run.isDone ? 0 : 1) { return "\(hints.count) hints" }
        if let error = errors.first, !error.hasPrefix("\(program): error: ") {
            return "a line of another form: \(error)"
        }
        if let trace = traces.first(where: { run.errors.contains($0) || run.output.contains($0) }) {
            return "it prints \(trace)"
        }
        if RotationRunFixture.holdsKey(Array((run.errors + run.output).utf8)) { return "it prints a key" }
        return nil
    }
}
