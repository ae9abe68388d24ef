/// What is said of a name that nobody knows, and of those that there are.
package struct UnknownName: Hashable, Sendable {
    /// `there is no target wep; did you mean web?`
    package let message: String
    /// `the targets are api and web`; `nil` where there is none, or the question tells it.
    package let known: String?

    /// The noun is in the singular, and has a regular plural.
    package init(_ name: String, of noun: String, among names: [String]) {
        let question = NearNames(to: name, among: names).question
        message = "there is no \(noun) \(name)" + (question.map { "; \($0)" } ?? "")
        known =
            switch names.count {
            case 0: nil
            case 1: question == nil ? "the only \(noun) is \(names[0])" : nil
            default: "the \(noun)s are \(Self.list(names))"
            }
    }

    /// Both in one line.
    package var sentence: String { message + (known.map { (message.hasSuffix("?") ? " " : "; ") + $0 } ?? "") }

    private static func list(_ names: [String]) -> String {
        let shown = names.count > 20 ? names.prefix(19) + ["\(names.count - 19) more"] : names[...]
        return shown.dropLast().joined(separator: ", ") + " and \(shown.last ?? "")"
    }
}
