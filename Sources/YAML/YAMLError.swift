/// Why a text is not acceptable YAML. It tells the place and never quotes the text, which may hold a secret.
package struct YAMLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The rule that was broken.
    package enum Code: Sendable {
        /// The text breaks the grammar.
        case syntax
        /// The text is not UTF-8, or holds characters that YAML does not allow.
        case encoding
        /// There is more than one document.
        case documents
        /// A mapping has a key twice.
        case duplicateKey
        /// A key is a list or a mapping, or an alias.
        case key
        /// `<<` as a key where merge keys are not read.
        case mergeKey
        /// A tag that is not of the core schema, or does not fit its value.
        case tag
        /// An alias without an anchor, inside its own anchor, or more content by alias than is read.
        case alias
        /// Nested deeper than is read.
        case depth
    }

    /// The rule that was broken.
    package let code: Code
    /// One line for people.
    package let message: String
    /// The line, from 1.
    package let line: Int
    /// The column in characters, from 1.
    package let column: Int

    /// The message and its place.
    package var description: String { "\(message) (line \(line), column \(column))" }
}
