import Glibc
package import HTTP
import Secrets

/// One request on a connection of its own to a server on this machine, without libcurl. It blocks: the server must
/// not depend on the caller's thread.
package enum LoopbackClient {
    /// Why there is no response.
    package enum Failure: Error {
        /// The address is not `http://127.0.0.1:PORT/…`.
        case address
        /// Nobody listens, or the connection broke.
        case connection
        /// What came back is no HTTP response.
        case response
    }

    /// Sends a request and reads the response to the end of the connection; 30 seconds at most.
    package static func send(_ request: HTTPRequest) throws(Failure) -> HTTPResponse {
        let prefix = "http://127.0.0.1:"
        let text = request.url.description
        guard text.hasPrefix(prefix) else { throw .address }
        let rest = text.dropFirst(prefix.count)
        let digits = rest.prefix { $0.isNumber }
        guard let port = UInt16(digits) else { throw .address }

        var head = "\(request.method.rawValue) \(rest.dropFirst(digits.count)) HTTP/1.1\r\n"
        head += "Host: 127.0.0.1:\(port)\r\nConnection: close\r\n"
        if let bearer = request.bearer?.revealed() { head += "Authorization: Bearer \(bearer)\r\n" }
        for (name, value) in request.headers { head += "\(name): \(value)\r\n" }
        let body = request.body ?? []
        head += "Content-Length: \(body.count)\r\n\r\n"

        let connection = try Connection(port: port)
        try connection.write(Array(head.utf8) + body)
        return try read(connection.readAll())
    }

    private static func read(_ bytes: [UInt8]) throws(Failure) -> HTTPResponse {
        let end: [UInt8] = [13, 10, 13, 10]
        guard let split = bytes.indices.first(where: { bytes[$0...].starts(with: end) }) else { throw .response }
        let lines = String(decoding: bytes[..<split], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, let status = Int(words[1]) else { throw .response }
        var response = HTTPResponse(status: status, body: Array(bytes[(split + end.count)...]))
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { throw .response }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            response.headers.append((line[..<colon].lowercased(), String(value)))
        }
        guard let length = response[header: "content-length"].flatMap(Int.init), length == response.body.count else {
            throw .response
        }
        return response
    }

    private struct Connection: ~Copyable {
        private let descriptor: Int32

        init(port: UInt16) throws(Failure) {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { throw .connection }
            var limit = timeval(tv_sec: 30, tv_usec: 0)
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let status = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    unsafe connect(descriptor, pointer, size)
                }
            }
            guard status == 0 else { throw .connection }
        }

        deinit { close(descriptor) }

        func write(_ bytes: [UInt8]) throws(Failure) {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes { buffer in
                    unsafe Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { throw .connection }
                rest = rest.dropFirst(count)
            }
        }

        func readAll() throws(Failure) -> [UInt8] {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
                guard count >= 0 else { throw .connection }
                if count == 0 { return bytes }
                bytes += buffer[..<count]
            }
        }
    }
}
