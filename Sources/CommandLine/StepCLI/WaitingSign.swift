import ChildProcesses
import FoundationEssentials
import Glibc
import Secrets
import Synchronization
import SystemPackage
import Timestamps

/// A line that moves below all others on a terminal while a step waits, and says for what and how long.
///
/// It is taken away before any other line is written, and nothing is left of it.
package final class WaitingSign: Sendable {
    fileprivate struct Wait {
        let what: String
        let length: Interval?
        let start: ContinuousClock.Instant
    }

    private struct Line {
        var wait: Wait?
        var turn = 0
        var isDrawn = false
        var isMoving = false
        var isOver = false
    }

    private let program: String
    private let line = Mutex(Line())

    /// What a wait has to last for to be shown, and how long each picture stays.
    private static let patience = Duration.seconds(1)
    private static let microseconds: UInt32 = 200_000
    private static let pictures = ["-", "\\", "|", "/"]

    /// `nil` wherever it would be in the way: no terminal, one that cannot, a log of a CI system, people who want it quiet.
    init?(of program: String, _ verbosity: Verbosity?, _ environment: StepEnvironment = StepEnvironment()) {
        guard isatty(FileDescriptor.standardError.rawValue) == 1, verbosity != .quiet, !environment.isCI,
            environment["NO_COLOR"] == nil, let terminal = environment["TERM"], terminal != "dumb"
        else { return nil }
        self.program = program
    }

    /// Shows what is waited for from now on; what goes on with another name began when the first one did.
    func show(_ what: String, until date: Date?) {
        line.withLock { line in
            let length = date.map { Interval(seconds: Int(($0.timeIntervalSince(SystemClock().now)).rounded())) }
            line.wait = Wait(what: what, length: line.wait?.length ?? length, start: line.wait?.start ?? .now)
            guard !line.isMoving, !line.isOver else { return }
            line.isMoving = move()
        }
    }

    /// Nothing is waited for any more.
    func hide() {
        line.withLock { line in
            line.wait = nil
            Self.erase(&line)
        }
    }

    /// Never shows anything again.
    func end() {
        line.withLock { line in
            line.isOver = true
            Self.erase(&line)
        }
    }

    /// Writes something else, from the beginning of an empty line on.
    func aside(_ write: () -> Void) {
        line.withLock { line in
            Self.erase(&line)
            write()
        }
    }

    /// Starts the thread that draws; without one, the step works all the same.
    private func move() -> Bool {
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        var thread = pthread_t()
        let failure = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                let sign = unsafe Unmanaged<WaitingSign>.fromOpaque(context).takeRetainedValue()
                while sign.draw() { usleep(WaitingSign.microseconds) }
                return nil
            }, context)
        guard failure == 0 else {
            unsafe Unmanaged<WaitingSign>.fromOpaque(context).release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    /// Draws the next picture; answers whether there may be another one.
    private func draw() -> Bool {
        line.withLock { line in
            guard !line.isOver else { return false }
            // A job in the background has no part in what the terminal shows.
            guard let wait = line.wait, wait.start.duration(to: .now) >= Self.patience,
                tcgetpgrp(FileDescriptor.standardError.rawValue) == getpgrp()
            else { return true }
            line.turn = (line.turn + 1) % Self.pictures.count
            let text = DisplayText.line(
                SecretShape.masking("\(Self.pictures[line.turn]) \(wait.time), waiting for \(wait.what)"), limit: .max)
            // What does not fit into the line is cut off by the terminal (DECAWM): a second line could not be taken away. The
            // cursor goes back, so that the `^C` of a terminal comes over the sign and not into the next line.
            Self.write("\r\u{1b}[K\u{1b}[?7l\(program): \(text)\u{1b}[?7h\r")
            line.isDrawn = true
            return true
        }
    }

    private static func erase(_ line: inout Line) {
        guard line.isDrawn else { return }
        write("\r\u{1b}[K")
        line.isDrawn = false
    }

    // A terminal that has gone must not end a step in the middle of its work.
    private static func write(_ text: String) { _ = try? FileDescriptor.standardError.writeAll(Array(text.utf8)) }
}

extension WaitingSign.Wait {
    /// How long it has taken so far, of how long if that is known.
    var time: String {
        let passed = Interval(seconds: Int(start.duration(to: .now).components.seconds))
        return length.map { "\(passed) of \($0)" } ?? "\(passed)"
    }
}
