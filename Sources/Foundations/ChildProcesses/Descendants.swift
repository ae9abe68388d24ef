import CProcess
import FoundationEssentials
import Glibc
import Synchronization
import SystemPackage

/// Ends what child processes leave behind, wherever it went.
///
/// A process group does not hold whoever calls setsid(2), as daemons do. But every child is a subreaper (prctl(2)), as
/// this process is: what a child started stays below it while it lives, and falls to this process when it dies. And
/// every child leads a session, which nothing that it starts can leave for ours. So a child of this process that is in
/// another session, and that was not started here, was left by a child that is dead: it belongs to no living one.
enum Descendants {
    private struct Children {
        /// Those that were started here and are not reaped.
        var started: Set<pid_t> = []
        /// Those that this process had before, from whoever executed it in its own place.
        var inherited: Set<pid_t>?
    }

    private static let children = Mutex(Children())

    /// Remembers the process that `body` starts, before anything here can take it for an orphan.
    static func start(_ body: () -> pid_t) -> pid_t {
        children.withLock { children in
            if children.inherited == nil {
                children.inherited = Set(list(of: getpid()))
                _ = ork_process_become_subreaper()
            }
            let process = body()
            if process > 0 { children.started.insert(process) }
            return process
        }
    }

    /// Reaps a dead child. From then on its number can be another's.
    static func reap(_ process: pid_t) -> Ending {
        children.withLock { children in
            var status: Int32 = 0
            let result = unsafe waitpid(process, &status, 0)
            children.started.remove(process)
            return result == process ? Ending(waitStatus: status) : .signalled(SIGKILL)
        }
    }

    /// Kills what dead children have left. `false` when none was found; else it is to be called again, because those who
    /// die leave others.
    static func killOrphans() -> Bool {
        children.withLock { children in
            var isAnyLeft = false
            for process in list(of: getpid()) where !children.started.contains(process) {
                guard children.inherited?.contains(process) != true, getsid(process) != getsid(0) else { continue }
                // Another user's, which it became by a program with set-user-id, is not ours to end.
                if kill(process, SIGKILL) != 0, errno == EPERM { continue }
                isAnyLeft = true
                waitpid(process, nil, WNOHANG)
            }
            return isAnyLeft
        }
    }

    /// Signals those below a living process who are not in its group.
    static func signal(_ number: Int32, below process: pid_t) {
        var pending = list(of: process).map { (process: $0, parent: process) }
        var seen: Set<pid_t> = [process]
        while let (next, parent) = pending.popLast() {
            guard seen.insert(next).inserted else { continue }
            let descriptor = ork_process_descriptor(next)
            defer { if descriptor >= 0 { close(descriptor) } }
            // Looked at after it was opened: either this is the process that we mean, or the descriptor's is dead.
            guard Self.parent(of: next) == parent else { continue }
            pending += list(of: next).map { ($0, next) }
            guard getpgid(next) != process else { continue }
            if descriptor >= 0 { _ = ork_process_signal(descriptor, number) } else { kill(next, number) }
        }
    }

    /// The children of a process, from those of its threads.
    private static func list(of process: pid_t) -> [pid_t] {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
        let lists = threads.map { text("/proc/\(process)/task/\($0)/children") }
        // Kernels without CONFIG_PROC_CHILDREN have no such file.
        guard lists.allSatisfy({ $0 == nil }) else {
            return lists.flatMap { ($0 ?? "").split(separator: " ").compactMap { pid_t($0) } }
        }
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { pid_t($0) }.filter { parent(of: $0) == process }
    }

    private static func parent(of process: pid_t) -> pid_t? {
        // The name stands in parentheses and may hold anything; the parent is the second field after it.
        guard let status = text("/proc/\(process)/stat"), let end = status.lastIndex(of: ")") else { return nil }
        let fields = status[end...].split(separator: " ")
        return fields.count > 2 ? pid_t(fields[2]) : nil
    }

    /// The text of a file below /proc. `FileManager` leaks a page of memory for each one that is empty, and these are
    /// read as long as a child runs.
    private static func text(_ path: String) -> String? {
        guard let file = try? FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec) else { return nil }
        return try? file.closeAfter { String(decoding: try file.readToEnd(pieces: 4096), as: UTF8.self) }
    }
}
