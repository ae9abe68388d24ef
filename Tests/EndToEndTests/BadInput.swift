import ChildProcesses
import TestSupport
import Testing

/// A broken input and all that a program says about it.
struct BadInput: Sendable, CustomTestStringConvertible {
    let what: String
    /// A line as in a script.
    let command: String
    var files: [Script.File] = []
    let status: Int32
    /// What stands behind `PROGRAM: error: `, or with 75 behind `PROGRAM: waiting: `.
    let error: String

    init(_ what: String, _ command: String, files: [String: String] = [:], _ status: Int32, _ error: String) {
        self.what = what
        self.command = command
        self.files = files.map { Script.File(name: $0.key, text: $0.value) }
        self.status = status
        self.error = error
    }

    var testDescription: String { what }

    /// What the run of a program does otherwise than told; its form is checked by the run itself.
    func deviation(_ run: ScriptRun) throws -> String? {
        let words = try ScriptWords.split(command, run.variables)
        try run.execute(words)
        // Nothing is wrong where the time has not come.
        let label = status == 75 ? "waiting" : "error"
        let lines = Self.withoutNames(run.errors, run).split(separator: "\n").filter { $0.contains(": \(label): ") }
        guard run.ending == .exited(status), lines == ["\(words[0]): \(label): \(error)"] else {
            return "\(run.ending) \(run.output)\(run.errors)"
        }
        return nil
    }

    /// The text without what is another at every run.
    static func withoutNames(_ text: String, _ run: ScriptRun) -> String {
        text.replacing(run.work.path, with: "WORK").replacing(/\d{4}-\d\d-\d\d ork:[0-9A-Z]{26}/, with: "DATE ork:ID")
            .replacing(/\([0-9a-f]{12}\)/, with: "(HASH)").replacing(/ork-public-1:[A-Za-z0-9_-]+…?/, with: "IDENTITY")
            .replacing(/\(at byte \d+\)/, with: "(at byte N)").replacing(/\b[0-9A-HJKMNP-TV-Z]{26}\b/, with: "ID")
    }

    /// Runs the program in a folder with the files, where nothing may be asked of OpenRouter.
    func expectRefusal() async throws {
        let complaint = try await onOwnThread {
            let run = try ScriptRun(Script(files: files))
            if let complaint = try deviation(run) { return Optional(complaint) }
            try run.performSandbox("sandbox-log", [])
            return run.output.isEmpty ? nil : "OpenRouter was asked: \(run.output)"
        }
        #expect(complaint == nil)
    }
}

extension Script {
    /// A script that has files only.
    init(files: [File]) {
        path = "/"
        lines = []
        self.files = files
    }
}
