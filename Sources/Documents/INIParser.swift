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
