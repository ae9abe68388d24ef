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
        do {
            // What is no file must not be waited for.
            descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
        } catch let error as Errno { throw error } catch { throw .ioError }
        guard let status, status.st_mode & S_IFMT == S_IFREG else {
            try? descriptor.close()
            throw .notSupported
        }
    }

    deinit { try? descriptor.close() }

    /// What the system says of the file now.
    package var status: stat? {
        var status = stat()
        return unsafe fstat(descriptor.rawValue, &status) == 0 ? status : nil
    }
}
