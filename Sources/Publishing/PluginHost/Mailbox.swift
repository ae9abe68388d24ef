import Glibc
import Synchronization
import SystemPackage

/// What the tasks that start and reap processes tell the loop, which sleeps in `poll`.
final class Mailbox: Sendable {
    enum Message: Sendable {
        /// The process and its descriptor, −1 where the kernel has none.
        case started(process: Int32, descriptor: Int32)
        case ended(Ending)
    }

    /// Becomes readable when there is a message.
    let wakeupRead: FileDescriptor
    private let wakeupWrite: FileDescriptor
    private let messages = Mutex<[(child: Int, message: Message)]>([])

    init() throws(Errno) {
        let pipe = try FileDescriptor.pipe(options: [.closeOnExec, .nonBlocking])
        (wakeupRead, wakeupWrite) = (pipe.readEnd, pipe.writeEnd)
    }

    deinit {
        try? wakeupRead.close()
        try? wakeupWrite.close()
    }

    func post(_ child: Int, _ message: Message) {
        messages.withLock { $0.append((child, message)) }
        // A full pipe rings already.
        _ = try? wakeupWrite.writeAll([0])
    }

    func take() -> [(child: Int, message: Message)] {
        var rings = [UInt8](repeating: 0, count: 64)
        _ = unsafe rings.withUnsafeMutableBytes { try? unsafe wakeupRead.read(into: $0) }
        return messages.withLock { messages in
            defer { messages = [] }
            return messages
        }
    }
}
