package import HTTP
import Secrets

/// One connection to a server on this machine, without libcurl. It blocks: the server must not need the caller's
/// thread to answer.
package struct LoopbackConnection: ~Copyable {
    /// The address is not of this machine, or the connection broke before a whole response came.
    package struct Failure: Error {}

    private let socket: Socket
    private let authority: Substring
    private var reader: WireReader
    private var methods: [String] = []

    /// Connects to the server of an address `http://127.0.0.1:PORT/…`.
    package init(to url: HTTPURL) throws {
        authority = url.description.dropFirst("http://".count).prefix { $0 != "/" }
        guard url.host == "127.0.0.1", let port = Int(authority.drop { $0 != ":" }.dropFirst()) else { throw Failure() }
        socket = try Socket.connected(to: port)
        reader = WireReader(socket)
    }

    /// Sends a request and does not wait for the response.
    package mutating func send(_ request: HTTPRequest) throws(Failure) {
        let target = request.url.description.dropFirst("http://".count + authority.count)
        var head = "\(request.method.rawValue) \(target) HTTP/1.1\r\nHost: \(authority)\r\n"
        if let bearer = request.bearer?.revealed() { head += "Authorization: Bearer \(bearer)\r\n" }
        for (name, value) in request.headers { head += "\(name): \(value)\r\n" }
        let body = request.body ?? []
        head += "Content-Length: \(body.count)\r\n\r\n"
        guard socket.write(Array(head.utf8) + body) else { throw Failure() }
        methods.append(request.method.rawValue)
    }

    /// The response to the first request that has none yet.
    package mutating func receive() throws(Failure) -> HTTPResponse {
        guard !methods.isEmpty, let message = reader.response(to: methods.removeFirst()), let status = message.status
        else { throw Failure() }
        return HTTPResponse(status: status, headers: message.headers, body: message.body)
    }

    /// Sends one request on a connection of its own and waits for the response.
    package static func send(_ request: HTTPRequest) throws -> HTTPResponse {
        var connection = try LoopbackConnection(to: request.url)
        try connection.send(request)
        return try connection.receive()
    }
}
