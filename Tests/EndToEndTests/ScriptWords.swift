/// Why a line of a script failed.
struct ScriptFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The words of a line. Blanks part them, `#` begins a comment. Between single quotes everything stands for itself and
/// `''` is a quote; outside them `$NAME` and `${NAME}` are replaced.
enum ScriptWords {
    static func split(_ line: String, _ variables: [String: String]) throws(ScriptFailure) -> [String] {
        var words: [String] = []
        var word: String?
        var rest = Substring(line)
        while let character = rest.popFirst() {
            switch character {
            case " ", "\t":
                if let word { words.append(word) }
                word = nil
            case "#" where word == nil:
                return words
            case "'":
                word = (word ?? "") + (try quoted(&rest))
            case "$":
                // At the end of a word it is the end of a line in a pattern.
                guard let next = rest.first, next != " ", next != "'" else {
                    word = (word ?? "") + "$"
                    continue
                }
                let name = try name(&rest)
                guard let value = variables[name] else { throw ScriptFailure("there is no variable \(name)") }
                word = (word ?? "") + value
            default:
                word = (word ?? "") + String(character)
            }
        }
        return word.map { words + [$0] } ?? words
    }

    private static func quoted(_ rest: inout Substring) throws(ScriptFailure) -> String {
        var text = ""
        while let character = rest.popFirst() {
            guard character == "'" else {
                text.append(character)
                continue
            }
            guard rest.first == "'" else { return text }
            rest.removeFirst()
            text.append("'")
        }
        throw ScriptFailure("a quote has no end")
    }

    private static func name(_ rest: inout Substring) throws(ScriptFailure) -> String {
        let isBraced = rest.first == "{"
        if isBraced { rest.removeFirst() }
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        rest = rest[name.endIndex...]
        if isBraced, rest.popFirst() != "}" { throw ScriptFailure("a brace has no end") }
        guard !name.isEmpty else { throw ScriptFailure("a $ has no name; write it in quotes") }
        return String(name)
    }
}
