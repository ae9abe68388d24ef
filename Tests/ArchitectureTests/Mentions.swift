/// An option that a document mentions, and the program that it is mentioned with.
struct Mention: Hashable {
    let option: String
    /// `nil` if no program stands before it.
    let program: String?

    /// An option belongs to the last program before it on its line, up to a `|`, `;`, `&` or a closing bracket.
    /// A line goes on after a backslash.
    static func all(in document: String) -> [Mention] {
        var mentions: [Mention] = []
        for line in document.replacing("\\\n", with: " ").split(whereSeparator: \.isNewline) {
            var program: String?
            for match in line.matches(of: /[A-Za-z0-9_.\/-]+|[|;&)]/) {
                let word = String(match.output)
                let name = String(word.split(separator: "/").last ?? "")
                if word.count == 1, "|;&)".contains(word) {
                    program = nil
                } else if Help.programs.contains(name) {
                    program = name
                } else if let option = word.wholeMatch(of: /--[a-z][a-z0-9-]*/) {
                    mentions.append(Mention(option: String(option.output), program: program))
                }
            }
        }
        return mentions
    }
}
