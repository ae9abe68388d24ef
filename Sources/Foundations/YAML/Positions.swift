/// Turns libyaml's places, which count characters, into ours, which count bytes.
struct Positions {
    /// Where the text starts: after the byte order mark, if there is one.
    let textStart: Int
    /// The offset of every character, and of the end; `nil` if all are single bytes.
    private let offsets: [Int]?

    /// Refuses bytes that are not UTF-8.
    init(_ bytes: [UInt8]) throws(YAMLError) {
        textStart = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        if let wrong = Self.firstInvalid(bytes) { throw Self.encodingError(bytes, at: wrong) }
        if bytes[textStart...].allSatisfy({ $0 < 0x80 }) {
            offsets = nil
        } else {
            offsets = bytes.indices[textStart...].filter { bytes[$0] & 0xC0 != 0x80 } + [bytes.count]
        }
        self.bytes = bytes
    }

    private let bytes: [UInt8]

    func mark(_ raw: YAMLEvent.RawMark) -> YAMLMark {
        let offset = offsets.map { $0[min(raw.index, $0.count - 1)] } ?? min(textStart + raw.index, bytes.count)
        return YAMLMark(offset: offset, line: raw.line + 1, column: raw.column + 1)
    }

    func error(_ problem: YAMLProblem) -> YAMLError {
        if problem.isReader { return Self.encodingError(bytes, at: textStart + problem.offset) }
        let mark = mark(problem.mark)
        let reason = Self.reasons.first { problem.problem.hasPrefix($0.prefix) }?.reason
        return YAMLError(
            code: problem.problem == "found undefined tag handle" ? .tag : .syntax, message: reason ?? "not valid YAML",
            line: mark.line, column: mark.column)
    }

    /// libyaml's fixed texts (`scanner.c`, `parser.c`) for the mistakes that people make, and what to tell them.
    private static let reasons: [(prefix: String, reason: String)] = [
        ("did not find expected key", "a key was expected here; look at the indentation"),
        ("could not find expected ':'", "a ':' was expected after the key"),
        ("mapping values are not allowed", "a ':' cannot stand here; quote the text, or look at the indentation"),
        ("block sequence entries are not allowed", "a '-' cannot stand here; look at the indentation"),
        ("found character that cannot start any token", "no value can start like this; tabs cannot indent YAML"),
        ("found a tab character", "tabs cannot indent YAML"),
        (YAMLProblem.openQuote, "the quote that opens here is not closed"),
        ("did not find expected ','", "a ',' or a closing bracket was expected"),
        ("did not find expected '-' indicator", "a '-' was expected here; look at the indentation"),
        ("did not find expected node content", "a value was expected here; look for a '[' or '{' that is not closed"),
        ("found unknown escape character", "no such escape in double quotes; write a backslash twice"),
    ]

    private static func firstInvalid(_ bytes: [UInt8]) -> Int? {
        var decoder = UTF8()
        var source = bytes.makeIterator()
        var offset = 0
        while true {
            switch decoder.decode(&source) {
            case .scalarValue(let scalar): offset += UTF8.width(scalar)
            case .emptyInput: return nil
            case .error: return offset
            }
        }
    }

    private static func encodingError(_ bytes: [UInt8], at offset: Int) -> YAMLError {
        let before = bytes.prefix(offset)
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return YAMLError(
            code: .encoding, message: "not UTF-8, or a character that YAML does not allow",
            line: before.count { $0 == 0x0A } + 1,
            column: before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1)
    }
}
