import Synchronization

/// Accepts connections on a thread of its own and gives each one another thread. Stops with its last reference.
final class Listener: Sendable {
    let port: Int
    private let socket: Socket
    private let open: OpenSockets

    /// `serve` runs until the connection is done; the number counts connections from 0.
    init(ipv6: Bool = false, serve: @escaping @Sendable (Socket, Int, OpenSockets) -> Void) throws {
        let socket = try Socket.listening(ipv6: ipv6)
        let open = OpenSockets()
        self.socket = socket
        self.open = open
        port = socket.port
        startThread {
            var number = 0
            while let connection = socket.accept() {
                let this = number
                number += 1
                open.insert(connection)
                startThread {
                    serve(connection, this, open)
                    connection.shutDown()
                    open.remove(connection)
                }
            }
        }
    }

    deinit {
        socket.shutDown()
        open.shutDown()
    }
}

/// The sockets that a server has to shut down when it stops.
final class OpenSockets: Sendable {
    private struct State {
        var sockets: [ObjectIdentifier: Socket] = [:]
        var hasStopped = false
    }

    private let state = Mutex(State())

    func insert(_ socket: Socket) {
        state.withLock {
            $0.sockets[ObjectIdentifier(socket)] = socket
            if $0.hasStopped { socket.shutDown() }
        }
    }

    func remove(_ socket: Socket) {
        state.withLock { _ = $0.sockets.removeValue(forKey: ObjectIdentifier(socket)) }
    }

    func shutDown() {
        state.withLock {
            $0.hasStopped = true
            for socket in $0.sockets.values { socket.shutDown() }
        }
    }
}
