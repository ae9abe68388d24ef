import JSON

/// Sections, names and values. The grammar is configparser's, with comments after a value as most others read them.
struct INIDocument: DocumentContent {
    struct Entry {
        /// The section, `nil` before the first one.
        let section: String?
        let name: String
        /// The offset of the name.
        let start: Int
        /// What stands between the name and its value, blanks included; `nil` for a name alone.
        let delimiter: String?
        /// The value with its quotes; empty at the end of the name for a name alone.
        let valueRange: Range<Int>
        /// The quotes around the value, if there are some.
        let quote: String
        let value: String
        /// The offset after its last line, which may continue the value.
        var end: Int
        var goesOn = false
    }

    struct Section {
        let name: String
        /// The offset after its header.
        let headerEnd: Int
    }

    private let text: DocumentText
    private let entries: [Entry]
    private let sections: [Section]

    init(_ text: DocumentText) throws(DocumentError) {
        self.text = text
        var parser = INIParser(text)
        try parser.read()
        entries = parser.entries
        sections = parser.sections
    }

    func value(at place: Place) throws(DocumentError) -> [UInt8]? {
        guard let entry = try entry(at: place), entry.delimiter != nil else { return nil }
        return Array(entry.value.utf8)
    }

    func edit(at place: Place, to value: String) throws(DocumentError) -> Edit {
        if let entry = try entry(at: place) {
            let rendered = try Self.render(value, quote: entry.quote)
            guard let delimiter = entry.delimiter else { return Edit(entry.valueRange, " = " + rendered) }
            let needsBlank =
                entry.valueRange.isEmpty && delimiter.utf8.first?.isBlank == true
                && delimiter.utf8.last?.isBlank == false
            return Edit(entry.valueRange, (needsBlank ? " " : "") + rendered)
        }
        let section = place.path.count == 2 ? place.path[0] : nil
        let siblings = entries.filter { $0.section == section }
        let model = siblings.last ?? entries.last { $0.delimiter != nil && $0.quote.isEmpty }
        let delimiter = model?.delimiter.flatMap { $0.isEmpty ? nil : $0 } ?? " = "
        var line = try place.path[place.path.count - 1] + delimiter + Self.render(value, quote: "")
        if let last = siblings.last {
            line = text.string(text.lineStart(at: last.start)..<last.start) + line
            return text.insertion(of: [Array(line.utf8)], at: last.end)
        }
        guard let section else { return text.insertion(of: [Array(line.utf8)], at: text.start) }
        if let header = sections.last(where: { $0.name == section }) {
            return text.insertion(of: [Array(line.utf8)], at: header.headerEnd)
        }
        let header = Array("[\(section)]".utf8)
        let gap: [[UInt8]] = entries.isEmpty && sections.isEmpty ? [] : [[]]
        return text.insertion(of: gap + [header, Array(line.utf8)], at: text.end)
    }

    func outline() -> JSONValue { .array(entries.map(Self.outline)) }

    func outline(setting place: Place, to value: String) -> JSONValue {
        let section = place.path.count == 2 ? place.path[0] : nil
        let name = place.path[place.path.count - 1]
        let new: JSONValue = [section.map { .string($0) } ?? .null, .string(name), .string(value)]
        var all = entries.map(Self.outline)
        if let index = entries.firstIndex(where: { $0.section == section && $0.name == name }) {
            all[index] = new
        } else if let index = entries.lastIndex(where: { $0.section == section }) {
            all.insert(new, at: index + 1)
        } else if section == nil {
            all.insert(new, at: 0)
        } else {
            let header = sections.last { $0.name == section }
            all.insert(new, at: entries.firstIndex { $0.start > header?.headerEnd ?? text.end } ?? all.count)
        }
        return .array(all)
    }

    private static func outline(_ entry: Entry) -> JSONValue {
        let value: JSONValue = entry.delimiter == nil ? .null : .string(entry.value)
        return [entry.section.map { .string($0) } ?? .null, .string(entry.name), value]
    }

    private func entry(at place: Place) throws(DocumentError) -> Entry? {
        let section = place.path.count == 2 ? place.path[0] : nil
        let name = place.path[place.path.count - 1]
        let found = entries.filter { $0.section == section && $0.name.lowercased() == name.lowercased() }
        guard let entry = found.first else { return nil }
        if found.count > 1 {
            throw DocumentError(
                .ambiguous, "the name stands there more than once, and readers differ on which one counts",
                hint: "remove all but one", line: text.line(at: found[1].start))
        }
        if entry.name != name {
            throw DocumentError(
                .ambiguous, "the name stands there in other letters, and readers differ on whether it is the same",
                hint: "write it as the file does", line: text.line(at: entry.start))
        }
        if entry.goesOn {
            throw DocumentError(
                .unsupported, "the value continues on the next line, or readers differ on whether it does",
                hint: "write it on one line, and the line after it without more indentation",
                line: text.line(at: entry.start))
        }
        return entry
    }

    /// INI has no rule for quoting that all readers share: what would need it is not written.
    private static func render(_ value: String, quote: String) throws(DocumentError) -> String {
        let special = ";#\"'`%$\\"
        let hasBlankEnd = [value.first, value.last].contains { $0?.isWhitespace == true }
        guard !value.contains(where: { special.contains($0) }), !(quote.isEmpty && hasBlankEnd) else {
            throw DocumentError(.value, "INI readers take no form of this value for the same text")
        }
        return quote + value + quote
    }
}

struct INIParser {
    private let text: DocumentText
    private(set) var entries: [INIDocument.Entry] = []
    private(set) var sections: [INIDocument.Section] = []
    /// The indentation of the last entry, `nil` right after a header.
    private var indent: Int?

    init(_ text: DocumentText) { self.text = text }

    mutating func read() throws(DocumentError) {
        var offset = text.start
        while offset < text.end {
            let next = text.nextLine(after: offset)
            try line(offset, text.lineBreak(after: offset), next)
            offset = next
        }
    }

    private mutating func line(_ lineStart: Int, _ lineEnd: Int, _ next: Int) throws(DocumentError) {
        let start = text.skipBlanks(from: lineStart)
        guard start < lineEnd, !isCommentSign(start) else { return }
        if let indent, start - lineStart > indent {
            entries[entries.count - 1].goesOn = true
            entries[entries.count - 1].end = next
            return
        }
        if text.bytes[start] == UInt8(ascii: "[") {
            try header(start, lineEnd, next)
            indent = nil
        } else {
            entries.append(try entry(start, lineEnd, next))
            indent = start - lineStart
        }
    }

    private func isCommentSign(_ offset: Int) -> Bool {
        text.bytes[offset] == UInt8(ascii: "#") || text.bytes[offset] == UInt8(ascii: ";")
    }

    private mutating func header(_ start: Int, _ lineEnd: Int, _ next: Int) throws(DocumentError) {
        let closes = text.bytes[start..<lineEnd].indices.filter { text.bytes[$0] == UInt8(ascii: "]") }
        guard let close = closes.first, closes.count == 1, close > start + 1 else { throw badHeader(start) }
        let after = text.skipBlanks(from: close + 1)
        guard after >= lineEnd || isCommentSign(after) else { throw badHeader(start) }
        sections.append(INIDocument.Section(name: text.string((start + 1)..<close), headerEnd: next))
    }

    private func badHeader(_ start: Int) -> DocumentError {
        DocumentError(.syntax, "not a section header ([name])", line: text.line(at: start))
    }

    private func entry(_ start: Int, _ lineEnd: Int, _ next: Int) throws(DocumentError) -> INIDocument.Entry {
        let sign = text.bytes[start..<lineEnd].firstIndex { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }
        let nameEnd = endWithoutBlanks(start, sign ?? commentStart(start, lineEnd))
        guard nameEnd > start else {
            throw DocumentError(.syntax, "a value without a name", line: text.line(at: start))
        }
        var valueRange = nameEnd..<nameEnd
        var quote = ""
        if let sign {
            (valueRange, quote) = value(after: sign, lineEnd)
        }
        let inner = valueRange.dropFirst(quote.utf8.count).dropLast(quote.utf8.count)
        return INIDocument.Entry(
            section: sections.last?.name, name: text.string(start..<nameEnd), start: start,
            delimiter: sign.map { _ in text.string(nameEnd..<valueRange.lowerBound) }, valueRange: valueRange,
            quote: quote, value: text.string(inner.startIndex..<inner.endIndex), end: next)
    }

    private func value(after sign: Int, _ lineEnd: Int) -> (Range<Int>, String) {
        let first = min(text.skipBlanks(from: sign + 1), lineEnd)
        guard first < lineEnd else { return (first..<first, "") }
        if isCommentSign(first), first > sign + 1 { return ((sign + 1)..<(sign + 1), "") }
        let mark = text.bytes[first]
        if mark == UInt8(ascii: "\"") || mark == UInt8(ascii: "'"),
            let close = text.bytes[(first + 1)..<lineEnd].firstIndex(of: mark)
        {
            let after = text.skipBlanks(from: close + 1)
            if after >= lineEnd || (isCommentSign(after) && after > close + 1) {
                return (first..<(close + 1), String(Unicode.Scalar(mark)))
            }
        }
        return (first..<endWithoutBlanks(first, commentStart(first, lineEnd)), "")
    }

    /// The offset of the first comment sign that has a blank before it, or of the line's end.
    private func commentStart(_ start: Int, _ lineEnd: Int) -> Int {
        (start..<lineEnd).first { $0 > start && isCommentSign($0) && text.bytes[$0 - 1].isBlank } ?? lineEnd
    }

    private func endWithoutBlanks(_ start: Int, _ end: Int) -> Int {
        text.bytes[start..<end].lastIndex { !$0.isBlank }.map { $0 + 1 } ?? start
    }
}
