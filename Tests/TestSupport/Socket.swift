import Glibc

/// A TCP socket on this machine, closed with its last reference. Its calls block.
package final class Socket: Sendable {
    /// A call that failed.
    package struct Failure: Error {
        package let call: String
        package let errno: Int32
    }

    private let descriptor: Int32
    // POLLRDHUP of poll(2), which the headers show to GNU sources only.
    private static let endOfPeer: Int32 = 0x2000

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Listens on a free port of `127.0.0.1` or `::1`.
    package static func listening(ipv6: Bool = false) throws(Failure) -> Socket {
        let socket = try Socket(open: ipv6)
        try unsafe socket.with(ipv6, port: 0, "bind") { unsafe bind($0, $1, $2) }
        guard listen(socket.descriptor, 128) == 0 else { throw Failure(call: "listen", errno: errno) }
        return socket
    }

    /// Connects to a port of `127.0.0.1`.
    package static func connected(to port: Int) throws(Failure) -> Socket {
        let socket = try Socket(open: false)
        try unsafe socket.with(false, port: port, "connect") { unsafe connect($0, $1, $2) }
        return socket
    }

    private convenience init(open ipv6: Bool) throws(Failure) {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(ipv6 ? AF_INET6 : AF_INET, type, 0)
        guard descriptor >= 0 else { throw Failure(call: "socket", errno: errno) }
        self.init(descriptor)
    }

    private func with(
        _ ipv6: Bool, port: Int, _ name: String, _ call: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(Failure) {
        var result: Int32
        if ipv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = in_port_t(port).bigEndian
            address.sin6_addr = in6addr_loopback
            result = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe call(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr = in_addr(s_addr: in_addr_t(0x7F00_0001).bigEndian)
            result = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe call(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        guard result == 0 else { throw Failure(call: name, errno: errno) }
    }

    /// The port on this side.
    package var port: Int {
        // The port stands at the same place in both families.
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe _ = getsockname(descriptor, $0, &length)
            }
        }
        return Int(in_port_t(bigEndian: address.sin6_port))
    }

    /// The next connection; `nil` once the socket is shut down.
    package func accept() -> Socket? {
        while true {
            let accepted = Glibc.accept(descriptor, nil, nil)
            if accepted >= 0 {
                _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
                return Socket(accepted)
            }
            guard errno == EINTR || errno == ECONNABORTED else { return nil }
        }
    }

    /// Some bytes; none at the end or after an error.
    package func read() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
            var result: Int
            repeat {
                result = unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
            } while result < 0
                && errno == EINTR
            count = max(0, result)
        }
    }

    /// Writes everything; `false` if the other side is gone.
    @discardableResult
    package func write(_ bytes: some Sequence<UInt8>) -> Bool {
        let bytes = Array(bytes)
        var done = 0
        while done < bytes.count {
            let result = unsafe bytes[done...].withUnsafeBytes {
                unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if result < 0, errno == EINTR { continue }
            guard result > 0 else { return false }
            done += result
        }
        return true
    }

    /// Ends both directions; a call that blocks on the socket returns.
    package func shutDown() {
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Waits until the other side has closed, or for `limit`.
    package func waitForEnd(_ limit: Duration) {
        _ = Socket.poll([(self, Self.endOfPeer)], limit)
    }

    /// Waits until one of both has bytes or an end, and tells which.
    static func readable(_ first: Socket, _ second: Socket) -> (first: Bool, second: Bool) {
        let ready = poll([(first, POLLIN), (second, POLLIN)], nil)
        return (ready[0], ready[1])
    }

    private static func poll(_ sockets: [(Socket, Int32)], _ limit: Duration?) -> [Bool] {
        let end = limit.map { ContinuousClock.now + $0 }
        var entries = sockets.map { pollfd(fd: $0.0.descriptor, events: Int16($0.1), revents: 0) }
        while true {
            var milliseconds: Int32 = -1
            if let end {
                let rest = (end - .now).components
                milliseconds = Int32(max(0, rest.seconds * 1000 + rest.attoseconds / 1_000_000_000_000_000))
            }
            let result = unsafe Glibc.poll(&entries, nfds_t(entries.count), milliseconds)
            if result >= 0 || errno != EINTR { return entries.map { $0.revents != 0 } }
        }
    }
}
