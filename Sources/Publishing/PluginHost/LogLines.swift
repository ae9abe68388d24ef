import Secrets

/// Standard error as lines for people: redacted, escaped, bounded.
struct LogLines {
    private var redactor: Redactor
    private var rest: Int
    private var line: [UInt8] = []
    private let emit: (String) -> Void

    /// `limit` is in bytes, for the whole process.
    init(_ redactor: Redactor, limit: Int, emit: @escaping (String) -> Void) {
        self.redactor = redactor
        self.emit = emit
        rest = limit
    }

    mutating func receive(_ bytes: ArraySlice<UInt8>) {
        guard rest > 0 else { return }
        add(redactor.redact(bytes.prefix(rest)))
        rest -= bytes.count
        if rest <= 0 {
            end()
            emit("(it says more than is passed on; the rest is dropped)")
        }
    }

    /// What has no LF yet becomes a line.
    mutating func end() {
        add(redactor.flush())
        finishLine()
    }

    private mutating func add(_ bytes: [UInt8]) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n") { finishLine() } else { line.append(byte) }
        }
    }

    private mutating func finishLine() {
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        let text = String(decoding: line, as: UTF8.self)
        line = []
        if !text.isEmpty { emit(Self.escaped(text)) }
    }

    /// Shows what could move a terminal's cursor or turn the direction of the text.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control where scalar == "\t": result += "    "
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
