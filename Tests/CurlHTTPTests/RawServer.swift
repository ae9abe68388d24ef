import TestSupport

/// Says one thing to whoever connects, without listening to anything, and closes.
final class RawServer: Sendable {
    let port: Int
    private let socket: Socket

    init(sending text: String) throws {
        let socket = try Socket.listening()
        self.socket = socket
        port = socket.port
        startThread {
            while let connection = socket.accept() {
                connection.write(text.utf8)
                connection.shutDown()
            }
        }
    }

    deinit { socket.shutDown() }
}
