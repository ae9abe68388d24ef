import Glibc
import Secrets
import SystemPackage

/// Asks whoever sits at the terminal, if somebody does.
struct Questions {
    /// Whether somebody can answer.
    let canAsk: Bool

    init() { canAsk = isatty(STDIN_FILENO) == 1 }

    /// One line of an answer, or `proposal` where it is empty; `nil` where nobody answers.
    func ask(_ question: String, proposal: String? = nil) -> String? {
        guard canAsk else { return nil }
        let shown = DisplayText.line(question + (proposal.map { " [\($0)]" } ?? ""), limit: .max)
        _ = try? FileDescriptor.standardError.writeAll(Array("\(shown): ".utf8))
        guard let line = readLine(strippingNewline: true) else { return nil }
        let answer = line.drop { $0 == " " }
        return answer.isEmpty ? proposal : String(answer)
    }

    /// Whether the answer is yes.
    func agrees(to question: String) -> Bool { ["y", "yes"].contains(ask("\(question) [y/N]")?.lowercased()) }
}
