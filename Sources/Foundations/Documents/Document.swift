import JSON
package import Secrets

/// A document in which one named value can be read and replaced.
package struct Document: Sendable {
    /// How the document is read.
    package let format: DocumentFormat
    /// The document as it is.
    package let bytes: [UInt8]
    private let content: any DocumentContent

    /// Reads a document; errors are of code `syntax`. No bytes at all are an empty document in every format.
    package init(_ bytes: [UInt8], format: DocumentFormat) throws(DocumentError) {
        self.format = format
        self.bytes = bytes
        content =
            switch format {
            case .dotenv: try DotenvDocument(DocumentText(bytes))
            case .json: try JSONDocument(DocumentText(bytes))
            case .yaml: try YAMLDocument(DocumentText(bytes))
            case .ini: try INIDocument(DocumentText(bytes))
            case .raw: RawDocument(bytes)
            }
    }

    /// The value at `place`, `nil` if there is none. Numbers and booleans are given as they are written.
    package func value(at place: Place) throws(DocumentError) -> Secret? {
        try content.value(at: place).map { Secret($0) }
    }

    /// The document with another value at `place`, which is added if it is not there. No other byte changes.
    ///
    /// The result is read again before it is handed out: it holds the value, and everything else that it held before.
    package func replacing(_ place: Place, with value: Secret) throws(DocumentError) -> [UInt8] {
        guard let text = value.revealed(), Self.isSingleLine(text) else {
            throw DocumentError(.value, "the value is not a single line of text")
        }
        let edit = try content.edit(at: place, to: text)
        let result = Array(bytes[..<edit.range.lowerBound]) + edit.replacement + bytes[edit.range.upperBound...]
        guard let after = try? Document(result, format: format),
            let written = try? after.content.value(at: place), written == Array(text.utf8),
            after.content.outline().bytes() == content.outline(setting: place, to: text).bytes()
        else {
            throw DocumentError(
                .unsupported, "the value cannot be written there without changing how the rest of the file reads",
                hint: "add the name with any value to the file once")
        }
        return result
    }

    /// One level on the way to a value.
    package enum Step: Hashable, Sendable {
        case key(String)
        case item(Int)
    }

    /// The way to a place, for programs that tell an item of a list from a key that is a number.
    package func steps(to place: Place) -> [Step] {
        var node = content.outline()
        return place.path.map { part in
            if let items = node.array, let index = Int(part), items.indices.contains(index) {
                node = items[index]
                return .item(index)
            }
            node = node[part] ?? .null
            return .key(part)
        }
    }

    private static func isSingleLine(_ text: String) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .control: scalar == "\t"
                case .lineSeparator, .paragraphSeparator: false
                default: scalar != "\u{FEFF}" && !scalar.properties.isNoncharacterCodePoint
                }
            }
    }
}

/// What a format knows about a document of its own.
protocol DocumentContent: Sendable {
    /// The bytes of the value at `place`, `nil` if there is none.
    func value(at place: Place) throws(DocumentError) -> [UInt8]?
    /// The one edit that puts `value`, a single line, at `place`.
    func edit(at place: Place, to value: String) throws(DocumentError) -> Edit
    /// All that the document holds, to compare two of them by.
    func outline() -> JSONValue
    /// What `outline()` has to be once `value` is at `place`.
    func outline(setting place: Place, to value: String) -> JSONValue
}

/// A file that is nothing but the value, with or without a line end after it.
struct RawDocument: DocumentContent {
    private let bytes: [UInt8]
    private let range: Range<Int>

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let start = bytes.starts(with: DocumentText.byteOrderMark) ? DocumentText.byteOrderMark.count : 0
        var end = bytes.count
        if end > start, bytes[end - 1] == .lineFeed { end -= 1 }
        if end > start, end < bytes.count, bytes[end - 1] == .carriageReturn { end -= 1 }
        range = start..<end
    }

    func value(at place: Place) -> [UInt8]? { range.isEmpty ? nil : Array(bytes[range]) }
    func edit(at place: Place, to value: String) -> Edit { Edit(range, value) }
    func outline() -> JSONValue { [] }
    func outline(setting place: Place, to value: String) -> JSONValue { [] }
}

extension JSONValue {
    /// The value with `leaf` at the end of `path`; mappings that are missing or null are made.
    func setting(_ path: ArraySlice<String>, to leaf: JSONValue) -> JSONValue {
        guard let key = path.first else { return leaf }
        if var elements = array, let index = Int(key), elements.indices.contains(index) {
            elements[index] = elements[index].setting(path.dropFirst(), to: leaf)
            return .array(elements)
        }
        var members = object ?? JSONObject()
        members[key] = (members[key] ?? .null).setting(path.dropFirst(), to: leaf)
        return .object(members)
    }
}

/// The kinds of file in which a value can be replaced.
package enum DocumentFormat: String, Sendable, CaseIterable {
    /// `NAME=value` lines as python-dotenv, Node's dotenv and Compose read them.
    case dotenv
    /// RFC 8259.
    case json
    /// One document of YAML 1.1 or 1.2.
    case yaml
    /// Sections, names and values as Python's configparser reads them.
    case ini
    /// The whole file is the value.
    case raw

    /// The format that the name of a file stands for, `nil` if it tells none.
    package init?(fileName: String) {
        let name = fileName.lowercased()
        if name == ".env" || name.hasPrefix(".env.") || name.hasSuffix(".env") {
            self = .dotenv
            return
        }
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
        switch name[name.index(after: dot)...] {
        case "json": self = .json
        case "yaml", "yml": self = .yaml
        case "ini", "cfg": self = .ini
        default: return nil
        }
    }
}

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
