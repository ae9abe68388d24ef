import Secrets
import Timestamps

/// Markdown as GitHub and GitLab read it.
package enum Markdown {
    /// A text of anybody's as plain text: in a paragraph, a heading or a table's cell.
    package static func text(_ text: String) -> String {
        var escaped = ""
        let shown = ReportText.shown(text)
        for character in shown.unicodeScalars {
            switch character {
            case "|", "`", "*", "_", "[", "]", "\\", "~", "$", "#", "!", "{", "}": escaped += "\\\(character)"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "&": escaped += "&amp;"
            // A name behind it would be told, and a mail address be a link. The reader sees through an escape.
            case "@": escaped += "@\u{200b}"
            // An address would be a link.
            case ":"
            where escaped.lowercased().hasSuffix("http") || escaped.lowercased().hasSuffix("https")
                || escaped.lowercased().hasSuffix("ftp"):
                escaped += "&#58;"
            case "." where escaped.lowercased().hasSuffix("www"): escaped += "&#46;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        // What would make a list, a quotation or a rule of the line.
        guard let first = escaped.unicodeScalars.first else { return escaped }
        if "-+=".unicodeScalars.contains(first) { return "\\" + escaped }
        let digits = escaped.prefix { $0.isASCII && $0.isNumber }
        if !digits.isEmpty, let next = escaped.dropFirst(digits.count).first, ".)".contains(next) {
            return digits + "\\" + escaped.dropFirst(digits.count)
        }
        return escaped
    }

    /// A table; nothing if there is no row below its head.
    package static func table(_ rows: [[String]]) -> String {
        guard rows.count > 1, let head = rows.first else { return "" }
        var lines = rows.map { "| " + $0.map(text).joined(separator: " | ") + " |\n" }
        lines.insert("|" + String(repeating: "---|", count: head.count) + "\n", at: 1)
        return lines.joined() + "\n"
    }
}

extension Document {
    var markdown: String {
        var text = ReportForm.markdown.mark + "\n# \(Markdown.text(title))\n\n" + lead.map(markdown).joined()
        for section in sections {
            text += "## \(Markdown.text(section.title))\n\n" + section.blocks.map(markdown).joined()
            for part in section.parts {
                text += "### \(Markdown.text(part.title))\n\n" + part.blocks.map(markdown).joined()
            }
        }
        return text
    }

    private func markdown(_ block: Block) -> String {
        switch block {
        case .paragraph(let text): "\(Markdown.text(text))\n\n"
        case .facts(let facts):
            facts.map { "- \(Markdown.text($0.name)): \(Markdown.text($0.value.words))\n" }.joined() + "\n"
        case .table(let table) where table.rows.isEmpty: "\(Markdown.text(table.absence))\n\n"
        case .table(let table): Markdown.table([table.columns] + table.rows.map { $0.map(\.words) })
        case .timeline(let timeline):
            MermaidChart(timeline).markdown
                + Markdown.table(
                    [["what", "when"]]
                        + timeline.lanes.map { ["\($0.role) \($0.name)", $0.words.joined(separator: "; ")] })
        // The headings are all there is to link to, and a reader of Markdown lists them.
        case .contents: ""
        }
    }
}
