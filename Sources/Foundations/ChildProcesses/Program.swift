import FoundationEssentials
import Glibc
package import Secrets
import SystemPackage

/// A program, with all that it is started with.
package struct Program: Sendable {
    /// Where one of its output streams leads.
    package enum Stream: Sendable {
        case collected
        /// To where this process's own leads.
        case inherited
        case discarded
    }

    /// Where the program finds `attachment`: a file in memory, which `open` begins to read from its start each time.
    package static let attachmentPath = "/proc/self/fd/3"

    /// What is looked up if the environment has no `PATH`.
    private static let standardPath = "/usr/local/bin:/usr/bin:/bin"

    /// The program itself, as a file with a slash in its name or as a name to be found in `PATH`, and what follows.
    package var arguments: [String]
    /// All variables; none is inherited.
    package var environment: [String: String]
    /// The folder it works in; `nil` for this process's own.
    package var directory: String?
    /// A secret for a program that reads it from a file: see `attachmentPath`.
    package var attachment: Secret?
    /// The opened file to start in place of the one that the first argument leads to; not with an attachment.
    package var image: ProgramImage?
    /// Whether it is killed when this process is gone: what goes on without anybody's watch may write when nobody expects it
    /// any more. What counts is the thread that started it (prctl(2)).
    package var diesWithUs = false
    /// Its standard output.
    package var output = Stream.collected
    /// Its standard error.
    package var errors = Stream.collected

    /// A program with this process's environment, unless another is given.
    package init(
        _ arguments: [String], environment: [String: String] = ProcessInfo.processInfo.environment,
        directory: String? = nil, attachment: Secret? = nil
    ) {
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.attachment = attachment
    }

    /// The file that is started; `nil` if there is none that may be executed.
    package var file: String? {
        if image != nil { return ProgramImage.path }
        guard let name = arguments.first, !name.isEmpty else { return nil }
        if name.utf8.contains(UInt8(ascii: "/")) {
            return Self.isExecutable(place(of: name)) ? name : nil
        }
        let path = environment["PATH"] ?? Self.standardPath
        return Self.find(name, in: path.split(separator: ":").map(String.init))
    }

    /// What keeps it from being started that can be seen before; `nil` if nothing does.
    package var obstacle: Obstacle? { file == nil ? Obstacle(reason: absence) : nil }

    /// What the system would say of a program that has no `file`.
    var absence: Errno {
        guard let name = arguments.first, name.utf8.contains(UInt8(ascii: "/")) else { return .noSuchFileOrDirectory }
        let there = place(of: name)
        var status = stat()
        guard unsafe stat(there, &status) == 0 else { return Errno(rawValue: errno) }
        return status.st_mode & S_IFMT == S_IFDIR ? .isDirectory : .permissionDenied
    }

    /// It is looked up where it works.
    private func place(of name: String) -> String {
        name.hasPrefix("/") ? name : directory.map { "\($0)/\(name)" } ?? name
    }

    /// The first executable file of that name. What a relative folder means depends on where we happen to run: none is
    /// searched.
    package static func find(_ name: String, in directories: [String]) -> String? {
        directories.filter { $0.hasPrefix("/") }.map { $0.hasSuffix("/") ? $0 + name : "\($0)/\(name)" }
            .first(where: isExecutable)
    }

    private static func isExecutable(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
