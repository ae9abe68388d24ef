import JSON
import Secrets

/// `NAME=value` lines. The grammar is python-dotenv's, with Node's where that is the stricter one.
struct DotenvDocument: DocumentContent {
    struct Entry {
        let name: String
        let start: Int
        let isExported: Bool
        /// The offset after the name.
        let nameEnd: Int
        /// The value with its quotes; `nil` for a name without `=`.
        let valueRange: Range<Int>?
        let quote: Quote
        let value: String
    }

    enum Quote {
        case none, single, double, backtick
    }

    private let text: DocumentText
    private let entries: [Entry]

    init(_ text: DocumentText) throws(DocumentError) {
        self.text = text
        var parser = DotenvParser(text)
        entries = try parser.entries()
    }

    func value(at place: Place) throws(DocumentError) -> [UInt8]? {
        guard let entry = try entry(at: place), entry.valueRange != nil else { return nil }
        return Array(entry.value.utf8)
    }

    func edit(at place: Place, to value: String) throws(DocumentError) -> Edit {
        if let entry = try entry(at: place) {
            let rendered = try Self.render(value, like: entry.quote)
            guard let range = entry.valueRange else { return Edit(entry.nameEnd..<entry.nameEnd, "=" + rendered) }
            return Edit(range, rendered)
        }
        let isExported = !entries.isEmpty && entries.allSatisfy(\.isExported)
        let line = try (isExported ? "export " : "") + place.path[0] + "=" + Self.render(value, like: .none)
        return text.insertion(of: [Array(line.utf8)], at: text.end)
    }

    func outline() -> JSONValue {
        .array(entries.map { [.string($0.name), $0.valueRange == nil ? .null : .string($0.value)] })
    }

    func outline(setting place: Place, to value: String) -> JSONValue {
        var all = outline().array ?? []
        let new: JSONValue = [.string(place.path[0]), .string(value)]
        if let index = entries.firstIndex(where: { $0.name == place.path[0] }) {
            all[index] = new
        } else {
            all.append(new)
        }
        return .array(all)
    }

    private func entry(at place: Place) throws(DocumentError) -> Entry? {
        let found = entries.filter { $0.name == place.path[0] }
        guard let entry = found.first else { return nil }
        if found.count > 1 {
            throw DocumentError(
                .ambiguous, "the name stands there more than once, and readers differ on which one counts",
                hint: "remove all but one", line: text.line(at: found[1].start))
        }
        if entry.quote == .backtick {
            throw DocumentError(
                .unsupported, "the value stands in backticks, which readers take differently",
                hint: "use single quotes", line: text.line(at: entry.start))
        }
        return entry
    }

    /// The value in the first form, beginning with the one it had, that all readers take for the same text.
    private static func render(_ value: String, like quote: Quote) throws(DocumentError) -> String {
        let forms: [Quote] =
            switch quote {
            case .none, .backtick: [.none, .single, .double]
            case .single: [.single, .double]
            case .double: [.double, .single]
            }
        for form in forms {
            switch form {
            case .none where isBare(value): return value
            case .single where fitsSingleQuotes(value): return "'\(value)'"
            case .double where fitsDoubleQuotes(value): return "\"\(value)\""
            default: continue
            }
        }
        throw DocumentError(.value, "dotenv readers take no form of this value for the same text")
    }

    /// What no reader and no shell takes for anything but itself.
    private static func isBare(_ value: String) -> Bool {
        value.utf8.allSatisfy { $0.isASCIIAlphanumeric || "_./:@%+,=-".utf8.contains($0) }
    }

    /// Backslashes mean something before a quote or a backslash only; python-dotenv fills in `${}` even here.
    private static func fitsSingleQuotes(_ value: String) -> Bool {
        !value.contains("'") && !value.contains("${") && !value.contains("\\\\") && value.last != "\\"
    }

    /// What a shell, Compose, Node or Python would undo in double quotes is not written there.
    private static func fitsDoubleQuotes(_ value: String) -> Bool {
        !value.contains { "\"\\$`".contains($0) }
    }
}

struct DotenvParser {
    private let text: DocumentText
    private var index: Int

    init(_ text: DocumentText) {
        self.text = text
        index = text.start
    }

    mutating func entries() throws(DocumentError) -> [DotenvDocument.Entry] {
        var entries: [DotenvDocument.Entry] = []
        while true {
            while let byte = next, byte.isBlank || byte.isLineBreak { index += 1 }
            guard let byte = next else { return entries }
            if byte == UInt8(ascii: "#") {
                index = text.lineBreak(after: index)
            } else {
                entries.append(try entry())
            }
        }
    }

    private var next: UInt8? { index < text.end ? text.bytes[index] : nil }
    private var isAtLineEnd: Bool { next?.isLineBreak ?? true }

    private mutating func entry() throws(DocumentError) -> DotenvDocument.Entry {
        let start = index
        let isExported = takeExport()
        let name = try name(start)
        let nameEnd = index
        index = text.skipBlanks(from: index)
        guard next == UInt8(ascii: "=") else {
            try endLine(start)
            return DotenvDocument.Entry(
                name: name, start: start, isExported: isExported, nameEnd: nameEnd, valueRange: nil,
                quote: .none, value: "")
        }
        index += 1
        let (range, quote, value) = try value(start)
        try endLine(start)
        return DotenvDocument.Entry(
            name: name, start: start, isExported: isExported, nameEnd: nameEnd, valueRange: range,
            quote: quote, value: value)
    }

    private mutating func takeExport() -> Bool {
        let word = Array("export".utf8)
        let after = index + word.count
        guard text.bytes[index...].starts(with: word), after < text.end, text.bytes[after].isBlank else { return false }
        index = text.skipBlanks(from: after)
        return true
    }

    private mutating func name(_ start: Int) throws(DocumentError) -> String {
        let isQuoted = next == UInt8(ascii: "'")
        if isQuoted { index += 1 }
        let first = index
        while let byte = next, (0x21...0x7E).contains(byte), !"=#'\"`".utf8.contains(byte) { index += 1 }
        let name = text.string(first..<index)
        guard !name.isEmpty else { throw syntax(start) }
        if isQuoted {
            guard next == UInt8(ascii: "'") else { throw syntax(start) }
            index += 1
        }
        return name
    }

    private mutating func value(_ start: Int) throws(DocumentError) -> (Range<Int>, DotenvDocument.Quote, String) {
        let afterSign = index
        index = text.skipBlanks(from: index)
        switch next {
        case UInt8(ascii: "'"): return try quoted(.single, start)
        case UInt8(ascii: "\""): return try quoted(.double, start)
        case UInt8(ascii: "#") where index > afterSign:
            // python-dotenv takes this comment for the value, all others for a comment; nobody means the former.
            return (afterSign..<afterSign, .none, "")
        default: break
        }
        let first = index
        let end = text.lineBreak(after: first)
        var last = first
        while index < end {
            let byte = text.bytes[index]
            if byte == UInt8(ascii: "#"), index > first, text.bytes[index - 1].isBlank { break }
            index += 1
            if !byte.isBlank { last = index }
        }
        let isBacktick = first < last && text.bytes[first] == UInt8(ascii: "`")
        return (first..<last, isBacktick ? .backtick : .none, text.string(first..<last))
    }

    private mutating func quoted(
        _ quote: DotenvDocument.Quote, _ start: Int
    ) throws(DocumentError) -> (Range<Int>, DotenvDocument.Quote, String) {
        let first = index
        let mark = text.bytes[first]
        index += 1
        while let byte = next, byte != mark {
            let isEscapedMark = byte == UInt8(ascii: "\\") && index + 1 < text.end && text.bytes[index + 1] == mark
            index += isEscapedMark ? 2 : 1
        }
        guard next == mark else {
            throw DocumentError(.syntax, "a quote is not closed", line: text.line(at: start))
        }
        index += 1
        return (first..<index, quote, Self.unescape(text.string((first + 1)..<(index - 1)), quote))
    }

    private static func unescape(_ raw: String, _ quote: DotenvDocument.Quote) -> String {
        var escapes: [Unicode.Scalar: Unicode.Scalar] = ["\\": "\\", "'": "'"]
        if quote == .double {
            let more: [Unicode.Scalar: Unicode.Scalar] = [
                "\"": "\"", "a": "\u{07}", "b": "\u{08}", "f": "\u{0C}", "n": "\n", "r": "\r", "t": "\t", "v": "\u{0B}",
            ]
            escapes.merge(more) { $1 }
        }
        var result = String.UnicodeScalarView()
        var scalars = raw.unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            if scalar == "\\", let next = scalars.first, let meant = escapes[next] {
                result.append(meant)
                scalars.removeFirst()
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// Takes what may follow a value: blanks and a comment.
    private mutating func endLine(_ start: Int) throws(DocumentError) {
        index = text.skipBlanks(from: index)
        if next == UInt8(ascii: "#") { index = text.lineBreak(after: index) }
        guard isAtLineEnd else { throw syntax(start) }
    }

    private func syntax(_ start: Int) -> DocumentError {
        DocumentError(.syntax, "not a line of a dotenv file (NAME=value)", line: text.line(at: start))
    }
}
