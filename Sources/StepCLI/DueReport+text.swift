import Rotation
package import Steps

extension DueReport {
    /// The table for people.
    package var text: String {
        var rows = [["ROTATION", "STATE", "ACTION", "WHY"]]
        rows += due.map { [$0.rotation.description, "due", $0.due?.action.rawValue ?? "", $0.message] }
        rows += waiting.map { [$0.rotation.description, "waiting", $0.due?.action.rawValue ?? "", $0.message] }
        rows += others.map { [$0.rotation.description, $0.word, "–", $0.message] }
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
        if !waiting.isEmpty { parts.append("\(waiting.count) of them wait for the limit") }
        for (word, meaning) in [("busy", "being minted"), ("disabled", "switched off"), ("problem", "to be looked at")]
        {
            let number = others.count { $0.word == word }
            if number > 0 { parts.append("\(number) \(meaning)") }
        }
        return parts.joined(separator: ", ")
    }
}

extension DueFinding {
    fileprivate var word: String {
        switch verdict {
        case .due: "due"
        case .current: "current"
        case .busy: "busy"
        case .disabled: "disabled"
        case .problem: "problem"
        }
    }
}
