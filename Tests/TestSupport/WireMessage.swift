/// An HTTP/1.1 message as it was on the wire, and its parts.
package struct WireMessage: Sendable {
    /// The request line or the status line.
    package var startLine = ""
    /// Names in lower case.
    package var headers: [(name: String, value: String)] = []
    /// Without the framing of chunks.
    package var body: [UInt8] = []
    /// Every byte of it; of a response with the interim responses before it.
    package var raw: [UInt8] = []
    /// Whether only the end of the connection ended the body.
    package var isOpenEnded = false

    /// The method of a request.
    package var method: String { word(0) }
    /// What the request line names, query included.
    package var target: String { word(1) }
    /// The status of a response.
    package var status: Int? { Int(word(1)) }
    /// The body as text.
    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The first field of this name, given in lower case.
    package subscript(header name: String) -> String? { headers.first { $0.name == name }?.value }

    /// Whether the sender ends the connection after this message.
    var endsConnection: Bool { isOpenEnded || self[header: "connection"]?.lowercased() == "close" }

    private func word(_ index: Int) -> String {
        let words = startLine.split(separator: " ", omittingEmptySubsequences: false)
        return words.indices.contains(index) ? String(words[index]) : ""
    }

    /// The bytes of a response with a `Content-Length`.
    package static func response(_ status: Int, headers: [(String, String)] = [], body: String = "") -> [UInt8] {
        let fields = headers.map { "\($0): \($1)\r\n" }.joined()
        return Array("HTTP/1.1 \(status) -\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    }
}

/// Reads one message after the other from a socket. Each call returns `nil` if the connection ends before the message.
struct WireReader {
    private let socket: Socket
    private var buffer: [UInt8] = []

    init(_ socket: Socket) { self.socket = socket }

    /// Whether bytes of a next message have been read already.
    var hasBytes: Bool { !buffer.isEmpty }

    mutating func request() -> WireMessage? {
        guard var message = head() else { return nil }
        return body(of: &message, withoutLength: false) ? message : nil
    }

    /// The response to a request with this method.
    mutating func response(to method: String) -> WireMessage? {
        var interim: [UInt8] = []
        while var message = head() {
            message.raw = interim + message.raw
            let status = message.status ?? 0
            if (100..<200).contains(status), status != 101 {
                interim = message.raw
                continue
            }
            if method == "HEAD" || status == 204 || status == 304 { return message }
            return body(of: &message, withoutLength: true) ? message : nil
        }
        return nil
    }

    private mutating func head() -> WireMessage? {
        var message = WireMessage()
        guard let startLine = line(&message.raw) else { return nil }
        message.startLine = startLine
        while let field = line(&message.raw) {
            if field.isEmpty { return message }
            guard let colon = field.firstIndex(of: ":") else { continue }
            let value = field[field.index(after: colon)...].drop { $0 == " " }
            message.headers.append((name: field[..<colon].lowercased(), value: String(value)))
        }
        return nil
    }

    private mutating func body(of message: inout WireMessage, withoutLength: Bool) -> Bool {
        if message[header: "transfer-encoding"]?.lowercased() == "chunked" {
            return chunks(of: &message)
        }
        if let length = message[header: "content-length"].flatMap(Int.init) {
            guard let bytes = take(length) else { return false }
            message.body = bytes
            message.raw += bytes
        } else if withoutLength {
            message.isOpenEnded = true
            while fill() {}
            message.body = buffer
            message.raw += buffer
            buffer = []
        }
        return true
    }

    private mutating func chunks(of message: inout WireMessage) -> Bool {
        while let size = line(&message.raw) {
            guard let length = Int(size.prefix { $0.isHexDigit }, radix: 16) else { return false }
            if length == 0 {
                while let trailer = line(&message.raw) {
                    if trailer.isEmpty { return true }
                }
                return false
            }
            guard let bytes = take(length) else { return false }
            message.body += bytes
            message.raw += bytes
            guard line(&message.raw) != nil else { return false }
        }
        return false
    }

    /// The next line without its end, which goes to `raw` as well.
    private mutating func line(_ raw: inout [UInt8]) -> String? {
        var searched = 0
        while true {
            if let end = buffer[searched...].firstIndex(of: 10) {
                let bytes = buffer[...end]
                raw += bytes
                let text = bytes.dropLast(bytes.dropLast().last == 13 ? 2 : 1)
                let line = String(decoding: text, as: UTF8.self)
                buffer.removeFirst(end + 1)
                return line
            }
            searched = buffer.count
            guard fill() else { return nil }
        }
    }

    private mutating func take(_ count: Int) -> [UInt8]? {
        while buffer.count < count {
            guard fill() else { return nil }
        }
        let bytes = Array(buffer.prefix(count))
        buffer.removeFirst(count)
        return bytes
    }

    private mutating func fill() -> Bool {
        let bytes = socket.read()
        buffer += bytes
        return !bytes.isEmpty
    }
}
