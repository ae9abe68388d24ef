/// An option that a document mentions, and the program that it is mentioned with.
struct Mention: Hashable {
    let option: String
    /// `nil` if it stands alone, as the first word of its code span.
    let program: String?

    /// An option belongs to the last of our programs before it on its line, up to a `|`, `;`, `&`, a closing bracket or
    /// another program's code span. A line goes on after a backslash.
    static func all(in document: String) -> [Mention] {
        var mentions: [Mention] = []
        for line in document.replacing("\\\n", with: " ").split(whereSeparator: \.isNewline) {
            var program: String?
            for match in line.matches(of: /(`?)([A-Za-z0-9_.\/-]+)|[|;&)]/) {
                let (opensSpan, word) = (match.output.1 == "`", match.output.2.map(String.init) ?? "")
                let name = String(word.split(separator: "/").last ?? "")
                if let option = word.wholeMatch(of: /--[a-z][a-z0-9-]*/) {
                    if program != nil || opensSpan {
                        mentions.append(Mention(option: String(option.output), program: program))
                    }
                } else if Help.programs.contains(name) {
                    program = name
                } else if word.isEmpty || opensSpan {
                    program = nil
                }
            }
        }
        return mentions
    }
}
