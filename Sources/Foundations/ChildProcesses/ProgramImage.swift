package import Glibc
package import SystemPackage

/// A program's file, opened once: what is read here is what `Program.image` starts, wherever the file's name leads by
/// then. It is closed with its last holder.
package final class ProgramImage: Sendable {
    /// For reading, at its own offset.
    package let descriptor: FileDescriptor

    /// Where the program finds itself while it is started: a script's interpreter opens that again.
    static let path = "/proc/self/fd/3"

    /// Opens a regular file; errors are the system's.
    package init(_ path: String) throws(Errno) {
        let file: FileDescriptor
        do {
            // What is no file must not be waited for.
            file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
        } catch let error as Errno { throw error } catch { throw .ioError }
        guard let status = Self.status(of: file), status.st_mode & S_IFMT == S_IFREG else {
            try? file.close()
            throw .notSupported
        }
        descriptor = file
    }

    deinit { try? descriptor.close() }

    /// What the system says of the file now.
    package var status: stat? { Self.status(of: descriptor) }

    private static func status(of file: FileDescriptor) -> stat? {
        var status = stat()
        return unsafe fstat(file.rawValue, &status) == 0 ? status : nil
    }
}
