import Glibc
import Secrets

/// What every program of the package does first.
package enum ProcessHardening {
    /// Keeps the process's memory out of core files and from other processes of the same user, and lets a reader that
    /// has gone be an error instead of the end.
    package static func apply() {
        _ = ProcessMemory.protect()
        signal(SIGPIPE, SIG_IGN)
    }
}
