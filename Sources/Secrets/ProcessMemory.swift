internal import CLinux

/// The memory of the running process, which holds secrets in the clear.
public enum ProcessMemory {
    /// Denies core dumps, and ptrace and `/proc/PID/mem` to other processes of the same user; root still may.
    @discardableResult
    public static func protect() -> Bool { ork_linux_set_undumpable() == 0 }
}
