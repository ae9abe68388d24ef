import CProcess
import Glibc
import Synchronization
import SystemPackage

/// The signal by which somebody asks this process to stop: SIGINT or SIGTERM.
///
/// A thread waits for it (sigwait(3)), so that nothing of ours runs in a signal handler. From then on nothing new is begun, who
/// waits is woken, and what is under way is brought to an end that can be recorded. A second signal ends the process at once.
package enum StopSignal {
    private struct Watch {
        var tell: @Sendable () -> Void
        /// Nothing is ever written to it: that its other end is closed makes it readable.
        var readEnd: FileDescriptor
        var writeEnd: FileDescriptor
    }

    private static let watcher = Mutex<Watch?>(nil)
    private static let number = Atomic<Int32>(0)

    /// The signal, once it has come.
    package static var received: Int32? {
        let number = number.load(ordering: .acquiring)
        return number == 0 ? nil : number
    }

    /// Is readable from the signal on; `nil` if nobody watches.
    static var descriptor: FileDescriptor? { watcher.withLock { $0?.readEnd } }

    /// Watches from now on, before the process has other threads. `tell` is called once, on a thread of its own. What this
    /// process was started to ignore stays ignored.
    package static func watch(_ tell: @escaping @Sendable () -> Void) {
        let numbers = [SIGINT, SIGTERM].filter { ork_process_ignores($0) == 0 }
        guard !numbers.isEmpty, let pipe = try? FileDescriptor.pipe(options: .closeOnExec) else { return }
        watcher.withLock { $0 = Watch(tell: tell, readEnd: pipe.readEnd, writeEnd: pipe.writeEnd) }
        // Threads inherit the mask, children do not: see ork_process_start.
        var signals = mask(numbers)
        _ = unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        var thread = pthread_t()
        let failure = unsafe pthread_create(
            &thread, nil,
            { _ in
                StopSignal.waitForIt()
                return nil
            }, nil)
        // Without the thread a signal must end the process, as it always did.
        guard failure == 0 else {
            _ = unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
            return
        }
        pthread_detach(thread)
    }

    /// Sleeps for that long, or until the signal.
    package static func sleep(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let milliseconds = Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
        var polled = pollfd(fd: descriptor?.rawValue ?? -1, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&polled, 1, max(0, milliseconds))
    }

    private static func waitForIt() {
        var signals = mask([SIGINT, SIGTERM])
        var received: Int32 = 0
        while unsafe sigwait(&signals, &received) != 0 {}
        number.store(received, ordering: .releasing)
        let watch = watcher.withLock { $0 }
        try? watch?.writeEnd.close()
        watch?.tell()
        // The next one finds this thread, and no handler.
        _ = unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        while true { pause() }
    }

    private static func mask(_ numbers: [Int32]) -> sigset_t {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for number in numbers { unsafe sigaddset(&signals, number) }
        return signals
    }
}
