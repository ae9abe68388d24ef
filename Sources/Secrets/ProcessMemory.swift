import CLinux
import Glibc

/// The memory of the running process, which holds secrets in the clear.
public enum ProcessMemory {
    /// Denies core dumps, and ptrace and `/proc/PID/mem` to other processes of the same user; root still may.
    ///
    /// A crash ends the process as it would end one in C: the backtrace that Swift's runtime prints shows the memory
    /// that the registers point to.
    @discardableResult
    public static func protect() -> Bool {
        for number in [SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV] { signal(number, SIG_DFL) }
        return ork_linux_set_undumpable() == 0
    }
}
