package import Secrets

/// What a process prints as lines for people: redacted, escaped, bounded.
package struct LogLines {
    private var redactor: Redactor
    private var rest: Int
    private var line: [UInt8] = []
    private let emit: (String) -> Void

    /// `limit` is in bytes, for the whole stream.
    package init(_ redactor: Redactor, limit: Int, emit: @escaping (String) -> Void) {
        self.redactor = redactor
        self.emit = emit
        rest = limit
    }

    package mutating func receive(_ bytes: ArraySlice<UInt8>) {
        guard rest > 0 else { return }
        add(redactor.redact(bytes.prefix(rest)))
        rest -= bytes.count
        if rest <= 0 {
            end()
            emit("(it says more than is passed on; the rest is dropped)")
        }
    }

    /// What has no LF yet becomes a line.
    package mutating func end() {
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
        if !text.isEmpty { emit(DisplayText.escaped(text)) }
    }
}
