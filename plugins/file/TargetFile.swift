import FoundationEssentials
import Glibc
import PublisherKit

/// The file that holds the value, found through links, and the open directory that it is in.
struct TargetFile: ~Copyable {
    /// What is in the file, and whose it is.
    struct Content {
        let bytes: [UInt8]
        let owner: uid_t
        let group: gid_t
        let mode: mode_t
        /// Tells this state of the file from any other.
        let stamp: Stamp
    }

    /// Which file it is, and when it was last written.
    struct Stamp: Equatable {
        let inode: ino_t
        let size: off_t
        let seconds: Int
        let nanoseconds: Int

        init(_ status: stat) {
            inode = status.st_ino
            size = status.st_size
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    /// Where the file really is.
    let path: String
    let name: String
    let directory: Int32

    /// More is no file of settings.
    private static let sizeLimit = 16 << 20

    /// Follows links in `path`. Its directory has to exist; the file need not, unless a link says that it does.
    init(_ path: String) throws(PublisherError) {
        let (parent, name) = try Self.resolve(path)
        guard name != ".", name != ".." else {
            throw PublisherError(.configuration, "\(path) is a directory", field: "with.path")
        }
        let directory = unsafe open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw Self.failure("the directory of \(path) cannot be opened", errno) }
        self.path = parent == "/" ? "/\(name)" : "\(parent)/\(name)"
        self.name = name
        self.directory = directory
    }

    /// The directory that the file is in, and its name there.
    private static func resolve(_ path: String) throws(PublisherError) -> (String, String) {
        if let real = realPath(path) { return split(real) }
        guard errno == ENOENT else { throw failure("\(path) cannot be reached", errno) }
        var status = stat()
        if unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK {
            throw PublisherError(
                .notFound, "\(path) is a link to a file that does not exist",
                hint: "make that file, or correct the link", field: "with.path")
        }
        let (above, name) = split(path)
        guard let parent = realPath(above) else {
            guard errno != ENOENT else {
                throw PublisherError(
                    .notFound, "the folder \(above) of \(path) does not exist",
                    hint: "make that folder, or correct 'path'", field: "with.path")
            }
            throw failure("the directory of \(path) cannot be reached", errno)
        }
        return (parent, name)
    }

    deinit { close(directory) }

    /// What is in the file, `nil` if it does not exist. Refuses all that a new file could not stand in for.
    borrowing func read() throws(PublisherError) -> Content? {
        let descriptor = unsafe openat(directory, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Self.failure("\(path) cannot be read", errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure("\(path) cannot be read", errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw PublisherError(.configuration, "\(path) is not a regular file", field: "with.path")
        }
        guard status.st_nlink <= 1 else {
            throw PublisherError(
                .configuration, "\(path) has other names (hard links), which would keep the value that is there now",
                hint: "use symbolic links instead", field: "with.path")
        }
        guard status.st_size <= Self.sizeLimit else {
            throw PublisherError(.configuration, "\(path) is larger than 16 MiB", field: "with.path")
        }
        return Content(
            bytes: try bytes(of: descriptor), owner: status.st_uid, group: status.st_gid, mode: status.st_mode & 0o7777,
            stamp: Stamp(status))
    }

    private borrowing func bytes(of descriptor: Int32) throws(PublisherError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count < 0, errno == EINTR { continue }
            guard count > 0, bytes.count + count <= Self.sizeLimit else {
                throw Self.failure("\(path) cannot be read", count > 0 ? EFBIG : errno)
            }
            bytes += chunk[..<count]
        }
    }

    /// Whether a new file could take the place of the one there is, as far as that can be told without trying.
    borrowing func checkWritable(_ content: Content?) throws(PublisherError) {
        guard unsafe faccessat(directory, ".", W_OK | X_OK, AT_EACCESS) == 0 else {
            throw Self.failure("the directory of \(path) cannot be written", errno)
        }
        guard let content, geteuid() != 0 else { return }
        var status = stat()
        let isInherited =
            unsafe fstat(directory, &status) == 0 && status.st_mode & S_ISGID != 0 && status.st_gid == content.group
        guard content.owner == geteuid(), isInherited || Self.isMember(of: content.group) else {
            throw Self.foreignOwner(path)
        }
    }

    private static func isMember(of group: gid_t) -> Bool {
        var groups = [gid_t](repeating: 0, count: 65536)
        let count = unsafe getgroups(Int32(groups.count), &groups)
        return group == getegid() || groups.prefix(max(0, Int(count))).contains(group)
    }

    static func foreignOwner(_ path: String) -> PublisherError {
        PublisherError(
            .denied, "\(path) belongs to another user or group, and writing it would change that",
            hint: "run this step as its owner", field: "with.path")
    }

    private static func realPath(_ path: String) -> String? {
        errno = 0
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    /// The directory and the last part of a path.
    private static func split(_ path: String) -> (String, String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
        let above = path[..<slash]
        return (above.isEmpty ? "/" : String(above), String(path[path.utf8.index(after: slash)...]))
    }

    /// What an error number of the system means to the person who set the target up.
    static func failure(_ message: String, _ number: Int32) -> PublisherError {
        switch number {
        case EACCES, EPERM:
            PublisherError(
                .denied, "\(message): permission denied", hint: "run this step as a user who may write there",
                field: "with.path")
        case EROFS:
            PublisherError(
                .denied, "\(message): the file system is read-only", hint: "mount it for writing", field: "with.path")
        case ENOSPC, EDQUOT:
            PublisherError(.unavailable, "\(message): no space is left", hint: "make room and run the step again")
        case ENOENT, ENOTDIR:
            PublisherError(
                .notFound, "\(message): it does not exist", hint: "make it, or correct 'path'", field: "with.path")
        case EBUSY:
            PublisherError(
                .configuration, "\(message): it is a mount point, and a new file cannot take its place",
                hint: "mount the directory instead of the file", field: "with.path")
        case ELOOP, EISDIR, ENAMETOOLONG, ENXIO:
            PublisherError(.configuration, "\(message): the path is not one of a file", field: "with.path")
        default:
            PublisherError(.internal, "\(message) (error number \(number))")
        }
    }
}
