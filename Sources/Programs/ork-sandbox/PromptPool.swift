import FlyingSocks
import Glibc

/// Another pool, whose sockets send at once. FlyingFox writes a response's head and body one after the other, and
/// without this the body waits 40 ms for the client to acknowledge the head (RFC 1122 §4.2.3.2, §4.2.3.4).
struct PromptPool<Base: AsyncSocketPool>: AsyncSocketPool {
    let base: Base

    func prepare() async throws { try await base.prepare() }

    func run() async throws { try await base.run() }

    func suspendSocket(_ socket: Socket, untilReadyFor events: Socket.Events) async throws {
        // The listening socket waits here before it accepts, and hands the option down to its connections.
        try socket.setValue(true, for: BoolSocketOption(level: Int32(IPPROTO_TCP), name: TCP_NODELAY))
        try await base.suspendSocket(socket, untilReadyFor: events)
    }
}
