import ChildProcesses

/// The bounds within which child processes are run.
package struct Limits: Sendable {
    /// Processes at once.
    package var processes = 8
    /// Bytes of one answer.
    package var answer = 256 * 1024
    /// Bytes of standard error that are passed on for one process.
    package var log = 64 * 1024
    /// Bytes of what `info` prints.
    package var information = 64 * 1024
    /// How long `info` may take.
    package var informationTime: Duration = .seconds(30)
    /// How long a process has to end by itself, and then after TERM, before KILL.
    package var grace: Duration = .seconds(2)
    /// How often a write without a certain answer is asked for again.
    package var repeats = 2

    package init() {}
}

extension ProcessLoop {
    /// One that keeps to these bounds.
    convenience init(_ limits: Limits) { self.init(limit: limits.processes, grace: limits.grace) }
}
