import CLinux
import Glibc

/// What every program of the package does first.
package enum ProcessHardening {
    /// Keeps the process's memory out of core files and from other processes of the same user, lets a reader that has gone and a
    /// limit on the size of files be errors instead of the end, and ends a program that would not see its own options.
    package static func apply() {
        ProcessMemory.protect()
        for number in [SIGPIPE, SIGXFSZ] { _ = signal(number, SIG_IGN) }
        requireArguments()
    }

    /// Swift reads the arguments from /proc, and has none without it: not even the program's name, which is always there.
    private static func requireArguments() {
        guard CommandLine.arguments.isEmpty else { return }
        let message = """
            ork: error: the options of this program cannot be read, as /proc is not mounted here
            ork: hint: nothing was done; mount it: `mount -t proc proc /proc`

            """
        _ = unsafe write(STDERR_FILENO, message, message.utf8.count)
        exit(EXIT_FAILURE)
    }
}

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
