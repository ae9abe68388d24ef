import Rotation
package import Steps

extension DueReport {
    /// The table for people.
    package var text: String {
        var rows = [["ROTATION", "STATE", "ACTION", "WHY"]]
        rows += due.map { $0.row("due") } + waiting.map { $0.row("waiting") } + others.map { $0.row($0.word) }
        let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
                + "  " + row[3]
        }
        return (lines + ["", sentence]).joined(separator: "\n")
    }

    /// How many are due, in one sentence.
    package var sentence: String {
        let count = due.count + waiting.count
        var parts = [count == 0 ? "nothing is due" : count == 1 ? "1 rotation is due" : "\(count) rotations are due"]
        if !waiting.isEmpty { parts.append("\(waiting.count) waiting for the limit") }
        let others = [
            ("soaking", "soaking"), ("busy", "being minted"), ("disabled", "switched off"),
            ("problem", "to be looked at"),
        ]
        for (word, meaning) in others {
            let number = self.others.count { $0.word == word }
            if number > 0 { parts.append("\(number) \(meaning)") }
        }
        return parts.joined(separator: ", ")
    }
}

extension DueFinding {
    /// Names of keys are other people's text: none of them begins a row of its own.
    fileprivate func row(_ state: String) -> [String] {
        let reason = String(message.map { $0.isNewline ? " " : $0 })
        return [rotation.description, state, due?.action.rawValue ?? "–", reason]
    }

    fileprivate var word: String {
        switch verdict {
        case .due: "due"
        case .soaking: "soaking"
        case .current: "current"
        case .busy: "busy"
        case .disabled: "disabled"
        case .problem: "problem"
        }
    }
}
