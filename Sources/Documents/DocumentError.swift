/// Why a value could not be read or replaced. It never quotes the document or the value.
package struct DocumentError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The classes of failure.
    package enum Code: Sendable {
        /// The document breaks its format's rules, or is not UTF-8.
        case syntax
        /// The place cannot be one in this format.
        case place
        /// The place is there more than once, or readers differ on where it is.
        case ambiguous
        /// What should hold the place is not there, or cannot hold it.
        case notFound
        /// What stands at the place is written in a way that cannot be replaced alone.
        case unsupported
        /// The new value cannot be written so that every reader sees it.
        case value
    }

    /// The class of failure.
    package let code: Code
    /// What is the matter: lower case, no full stop.
    package let message: String
    /// What to do next.
    package let hint: String?
    /// The line of the document, from 1.
    package let line: Int?

    init(_ code: Code, _ message: String, hint: String? = nil, line: Int? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.line = line
    }

    /// The message, with its line if there is one.
    package var description: String { line.map { "line \($0): \(message)" } ?? message }
}
