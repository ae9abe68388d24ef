import Secrets

/// The bytes of a document that is text, and what all formats ask about them.
struct DocumentText {
    let bytes: [UInt8]
    /// Where the text starts: after the byte order mark, if there is one.
    let start: Int
    /// The line end of a new line: that of the first line there is.
    let lineEnd: [UInt8]

    /// Refuses bytes that are not UTF-8.
    init(_ bytes: [UInt8]) throws(DocumentError) {
        self.bytes = bytes
        start = bytes.starts(with: Self.byteOrderMark) ? Self.byteOrderMark.count : 0
        let feed = bytes.firstIndex(of: .lineFeed)
        lineEnd =
            feed.map { $0 > 0 && bytes[$0 - 1] == .carriageReturn } == true
            ? [.carriageReturn, .lineFeed] : [.lineFeed]
        if String(validating: bytes, as: UTF8.self) == nil {
            throw DocumentError(.syntax, "not UTF-8", hint: "convert the file, or take the format 'raw'")
        }
    }

    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    var end: Int { bytes.count }
    /// Whether the last line has its end, or there is none.
    var endsWithLineEnd: Bool { end == start || bytes[end - 1].isLineBreak }

    func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// The number of the line that holds the byte, from 1.
    func line(at offset: Int) -> Int {
        let before = bytes[..<min(offset, end)]
        return before.indices.count {
            bytes[$0] == .lineFeed || (bytes[$0] == .carriageReturn && !($0 + 1 < end && bytes[$0 + 1] == .lineFeed))
        } + 1
    }

    func lineStart(at offset: Int) -> Int {
        bytes[start..<offset].lastIndex { $0.isLineBreak }.map { $0 + 1 } ?? start
    }

    /// The offset of the line break that ends the line of the byte, or of the end.
    func lineBreak(after offset: Int) -> Int {
        bytes[offset...].firstIndex { $0.isLineBreak } ?? end
    }

    /// The offset after the line break that ends the line of the byte.
    func nextLine(after offset: Int) -> Int {
        let feed = lineBreak(after: offset)
        guard feed < end else { return end }
        let isPair = bytes[feed] == .carriageReturn && feed + 1 < end && bytes[feed + 1] == .lineFeed
        return feed + (isPair ? 2 : 1)
    }

    func skipBlanks(from offset: Int) -> Int {
        bytes[offset...].firstIndex { !$0.isBlank } ?? end
    }

    /// The blanks with which the line of the byte starts.
    func indentation(at offset: Int) -> [UInt8] {
        let first = lineStart(at: offset)
        return Array(bytes[first..<skipBlanks(from: first)])
    }

    /// Puts whole lines at `offset`, which is the start of a line or the end. The last line of the text has a line
    /// end afterwards if and only if it had one before; a text that was empty gets one.
    func insertion(of lines: [[UInt8]], at offset: Int) -> Edit {
        let joined = Array(lines.joined(separator: lineEnd))
        let isAfterOpenLine = offset == end && !endsWithLineEnd
        return Edit(offset..<offset, isAfterOpenLine ? lineEnd + joined : joined + lineEnd)
    }
}

/// One stretch of a document and what takes its place.
struct Edit {
    let range: Range<Int>
    let replacement: [UInt8]

    init(_ range: Range<Int>, _ replacement: [UInt8]) {
        self.range = range
        self.replacement = replacement
    }

    init(_ range: Range<Int>, _ replacement: String) {
        self.init(range, Array(replacement.utf8))
    }
}

extension UInt8 {
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D

    var isLineBreak: Bool { self == .lineFeed || self == .carriageReturn }
    var isBlank: Bool { self == 0x20 || self == 0x09 || self == 0x0B || self == 0x0C }
}

/// Where in a document a value stands.
///
/// dotenv: the name alone. JSON and YAML: the keys from the root, joined by dots; numbers are indexes where the document
/// has a list. INI: `section.name`, or `name` for the part before the first section; the last dot divides.
/// `\.` is a dot that belongs to a key and `\\` a backslash. Raw: nothing.
package struct Place: Hashable, Sendable {
    /// The keys from the root; for INI the section, if there is one, and the name.
    package let path: [String]

    /// Reads the text of a place for documents of `format`; errors are of code `place`.
    package init(_ text: String, in format: DocumentFormat) throws(DocumentError) {
        switch format {
        case .raw:
            guard text.isEmpty else { throw DocumentError(.place, "in a raw file the whole file is the value") }
            path = []
        case .dotenv:
            guard Self.isVariableName(text) else {
                throw DocumentError(
                    .place, "not a name that a dotenv file can hold", hint: "use letters, digits and underscores")
            }
            path = [text]
        case .json, .yaml:
            path = try Self.split(text)
        case .ini:
            let parts = try Self.split(text)
            let name = parts[parts.count - 1]
            let section = parts.dropLast().joined(separator: ".")
            guard Self.isPlainText(name, without: "=:[]\"'"), !"#;".contains(name.prefix(1)) || name.isEmpty,
                Self.isPlainText(section, without: "[]") || parts.count == 1
            else { throw DocumentError(.place, "not a name that an INI file can hold") }
            path = parts.count == 1 ? [name] : [section, name]
        }
    }

    private static func isVariableName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !first.isASCIIDigit else { return false }
        return text.utf8.allSatisfy { $0.isASCIIAlphanumeric || [0x5F, 0x2D, 0x2E].contains($0) }
    }

    private static func isPlainText(_ text: String, without others: String) -> Bool {
        let hasBlankEnd = text.first == " " || text.last == " "
        return !text.isEmpty && !hasBlankEnd
            && text.unicodeScalars.allSatisfy {
                $0.properties.generalCategory != .control && !others.contains(Character($0))
            }
    }

    private static func split(_ text: String) throws(DocumentError) -> [String] {
        var parts = [""]
        var scalars = text.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            switch scalar {
            case ".": parts.append("")
            case "\\":
                guard let next = scalars.next(), next == "." || next == "\\" else {
                    throw DocumentError(.place, "a backslash in a name stands before a dot or a backslash only")
                }
                parts[parts.count - 1].unicodeScalars.append(next)
            default: parts[parts.count - 1].unicodeScalars.append(scalar)
            }
        }
        let isText = parts.allSatisfy { part in
            !part.isEmpty && part.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        }
        guard isText else {
            throw DocumentError(
                .place, "a key of the name is empty", hint: "write a dot that belongs to a key as '\\.'")
        }
        return parts
    }
}
