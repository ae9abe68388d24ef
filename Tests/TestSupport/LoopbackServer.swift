import Synchronization

/// A small HTTP server that does exactly what its handler says, whether that is HTTP or not. It counts what arrives.
package final class LoopbackServer: Sendable {
    /// A whole request, the number of its connection and its own number on it, both counted from 0.
    package struct Request: Sendable {
        package let message: WireMessage
        package let connection: Int
        package let number: Int
    }

    /// The server's end of a connection. After the handler returns, the next request is read, unless it was closed.
    package struct Connection: Sendable {
        private let socket: Socket

        init(_ socket: Socket) { self.socket = socket }

        package func send(_ bytes: [UInt8]) { socket.write(bytes) }
        package func send(_ text: String) { socket.write(text.utf8) }
        package func respond(_ status: Int, headers: [(String, String)] = [], body: String = "") {
            socket.write(WireMessage.response(status, headers: headers, body: body))
        }
        package func close() { socket.shutDown() }
        /// Says nothing until the client gives up, a minute at most.
        package func stall() { socket.waitForEnd(.seconds(60)) }
    }

    /// The port on `127.0.0.1`, or on `::1`.
    package let port: Int
    private let listener: Listener
    private let log: Log

    private final class Log: Sendable {
        let entries = Mutex<(connections: Int, requests: [Request])>((0, []))
    }

    /// `handler` runs on the connection's thread and may block.
    package init(ipv6: Bool = false, handler: @escaping @Sendable (Request, Connection) -> Void) throws {
        let log = Log()
        self.log = log
        listener = try Listener(ipv6: ipv6) { socket, connection, _ in
            log.entries.withLock { $0.connections += 1 }
            var reader = WireReader(socket)
            var number = 0
            while let message = reader.request() {
                let request = Request(message: message, connection: connection, number: number)
                log.entries.withLock { $0.requests.append(request) }
                handler(request, Connection(socket))
                number += 1
            }
        }
        port = listener.port
    }

    /// How many connections came in.
    package var connections: Int { log.entries.withLock { $0.connections } }

    /// The requests that arrived whole, in order.
    package var requests: [Request] { log.entries.withLock { $0.requests } }
}
