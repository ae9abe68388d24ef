package import SystemPackage

/// How a process ended.
package enum Ending: Hashable, Sendable {
    case exited(Int32)
    case signalled(Int32)
    /// There is no such program, or it cannot be executed, or there are no pipes left for it: what the system says of it.
    case notStarted(Errno)

    init(waitStatus status: Int32) {
        self = status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signalled(status & 0x7F)
    }

    /// Why it was not started; `nil` if it was.
    package var obstacle: Obstacle? {
        if case .notStarted(let reason) = self { Obstacle(reason: reason) } else { nil }
    }
}

extension Ending: CustomStringConvertible {
    /// What follows a program's name: `ended with status 3`.
    package var description: String {
        switch self {
        case .exited(let status): "ended with status \(status)"
        case .signalled(let number): "was ended by signal \(number)"
        case .notStarted(let reason): "\(Obstacle(reason: reason))"
        }
    }
}

/// Why the system did not start a program. The same few reasons have the same few remedies, whatever the program is for.
package struct Obstacle: Hashable, Sendable, CustomStringConvertible {
    package let reason: Errno

    package init(reason: Errno) { self.reason = reason }

    /// What follows a program's name: `cannot be started: Exec format error`.
    package var description: String { "cannot be started: \(reason)" }

    /// What to look at.
    package var remedy: String {
        switch reason {
        case .execFormatError:
            "it is built for another kind of machine, or is a script without a first line such as #!/bin/sh"
        case .noSuchFileOrDirectory:
            "if the file is there, what starts it is not: its loader, or the interpreter in its first line, which may end with CR LF"
        case .permissionDenied:
            "make it executable (chmod +x); if it is, its interpreter is not, or its file system is mounted with noexec"
        case .resourceTemporarilyUnavailable, .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory:
            "the limits on processes, open files or memory are too low here (ulimit -a)"
        case .isDirectory: "put the program itself in the folder's place"
        case .textFileBusy: "somebody is still writing the file; run again"
        default: "run it yourself to see why"
        }
    }
}
