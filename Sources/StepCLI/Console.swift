import Glibc
package import JSON
package import Steps
import SystemPackage

/// What people and programs see of a step: standard error is for people, standard output for the one JSON object.
package struct Console: Sendable {
    private let program: String

    package init(program: String) { self.program = program }

    /// Shows what a step says while it works.
    package func show(_ announcement: Announcement) {
        switch announcement {
        case .doing(let text): line(text)
        case .done(let text): line(text)
        case .warning(let text): line("warning: \(text)")
        }
    }

    /// Shows why a step did not finish.
    package func show(_ error: StepError) {
        line("error: \(error.message)")
        if let hint = error.hint { line("hint: \(hint)") }
    }

    /// Passes on a line of a plugin's or a probe's, which has been redacted and escaped.
    package func log(_ text: String) { line(text) }

    /// Prints the answer of a `--json` run.
    package func print(_ json: JSONValue) { Self.write(json.bytes(.compact) + [0x0A], to: .standardOutput) }

    /// Prints text that was asked for, such as a help page.
    package static func print(_ text: String) { write(Array(text.utf8) + [0x0A], to: .standardOutput) }

    // One write a line, so that lines of steps that run side by side do not mix.
    private func line(_ text: String) {
        let clean = String(text.map { $0.isNewline ? " " : $0 })
        Self.write(Array("\(program): \(clean)\n".utf8), to: .standardError)
    }

    // A reader that has gone must not end a step in the middle of its work.
    private static func write(_ bytes: [UInt8], to file: FileDescriptor) { _ = try? file.writeAll(bytes) }
}
