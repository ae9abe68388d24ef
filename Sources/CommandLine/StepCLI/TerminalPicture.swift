import Glibc
import SystemPackage

/// Lines on standard output: in colour where somebody looks at a terminal, and drawn over each other where they are watched.
package struct TerminalPicture: Sendable {
    private let isTerminal: Bool
    private let hasColour: Bool

    /// No colour where `NO_COLOR` is set (no-color.org) or the terminal has none.
    package init(_ environment: StepEnvironment) {
        isTerminal = isatty(FileDescriptor.standardOutput.rawValue) == 1
        hasColour = isTerminal && environment["NO_COLOR"] == nil && environment["TERM"] != "dumb"
    }

    /// Draws the lines, with `isAgain` in the place of what was drawn before.
    func draw(_ lines: [StatusLine], isAgain: Bool = false) {
        // From the top left on, each line to its end, then all that is below.
        let isOver = isAgain && isTerminal
        let text = lines.map { painted($0) + (isOver ? "\u{1b}[K" : "") + "\n" }.joined()
        let bytes = (isOver ? "\u{1b}[H" : "") + text + (isOver ? "\u{1b}[J" : "")
        // A reader that has gone is no failure.
        _ = try? FileDescriptor.standardOutput.writeAll(Array(bytes.utf8))
    }

    /// Begins with an empty screen.
    func clear() {
        guard isTerminal else { return }
        _ = try? FileDescriptor.standardOutput.writeAll(Array("\u{1b}[2J".utf8))
    }

    private func painted(_ line: StatusLine) -> String {
        guard hasColour, let code = line.tone.code else { return line.shown }
        return "\u{1b}[\(code)m\(line.shown)\u{1b}[0m"
    }
}

extension StatusLine.Tone {
    /// The number of SGR (ECMA-48 §8.3.117) for it.
    fileprivate var code: String? {
        switch self {
        case .plain: nil
        case .heading: "1"
        case .good: "32"
        case .waiting: "33"
        case .bad: "31"
        }
    }
}
