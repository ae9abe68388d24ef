import FoundationEssentials
import Glibc
package import SystemPackage

/// A file that is replaced as a whole or not at all, and that is on the disk when the call returns.
package struct DurableFile {
    private let path: FilePath

    package init(_ path: String) { self.path = FilePath(path) }

    private var directory: FilePath {
        let parent = path.removingLastComponent()
        return parent.isEmpty ? "." : parent
    }

    /// The content; `fileTooLarge` if it has more than `limit` bytes. Only a regular file is read, or with `acceptsPipe` a pipe
    /// into which somebody writes: whatever else stands under the name may have no end, and may never begin.
    package func read(limit: Int, acceptsPipe: Bool = false) throws(Errno) -> [UInt8] {
        try asErrno {
            let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
            return try file.closeAfter {
                let isPipe = try Self.isPipe(file)
                guard !isPipe || acceptsPipe else { throw Self.notRegular }
                var content: [UInt8] = []
                var hasWaited = false
                var piece = [UInt8](repeating: 0, count: 65536)
                while true {
                    let count: Int
                    do {
                        count = try unsafe piece.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
                    } catch Errno.wouldBlock {
                        // Whoever writes may first have to ask a password manager, and that its user.
                        try Self.waitForInput(file, 120_000)
                        continue
                    }
                    if isPipe, count == 0, content.isEmpty, !hasWaited {
                        // Nobody has opened its other end yet.
                        hasWaited = true
                        try Self.waitForInput(file, 1000)
                        continue
                    }
                    guard count > 0 else { return content }
                    content += piece[..<count]
                    guard content.count <= limit else { throw Errno.fileTooLarge }
                }
            }
        }
    }

    /// Thrown for what is neither a regular file nor a directory.
    private static let notRegular = Errno.notSupported

    /// What is said where there is no such file: `there is no ork.yaml in /home/ann/shop`.
    package var absence: String {
        let name = path.lastComponent?.string ?? path.string
        return isNowhere ? "there is no \(name): \(Self.goneFolder)" : "there is no \(name) in \(folder)"
    }

    /// The folder of the file, from the root; from the current folder if that `isNowhere`.
    package var folder: FilePath {
        FilePath(FileManager.default.currentDirectoryPath).pushing(path).removingLastComponent().lexicallyNormalized()
    }

    /// Whether it would be in a current folder that has been deleted.
    var isNowhere: Bool { path.isRelative && FileManager.default.currentDirectoryPath.isEmpty }

    /// Why a relative name leads nowhere.
    static let goneFolder = "the current folder has been deleted"

    /// Where the name leads, through symbolic links, whether there is a file or not.
    package var destination: String {
        var path = path
        for _ in 0..<32 {
            guard let next = try? FileManager.default.destinationOfSymbolicLink(atPath: path.string) else { break }
            path = path.removingLastComponent().pushing(FilePath(next))
        }
        return path.string
    }

    /// Whether a folder has this name.
    package var isFolder: Bool {
        var status = stat()
        return unsafe stat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Why a file that ork wrote could not be read, for people.
    package static func problem(ofReading error: Errno) -> String {
        error == .fileTooLarge ? "it is larger than any that ork writes" : problem(error)
    }

    /// What went wrong, for people.
    package static func problem(_ error: Errno) -> String {
        switch error {
        case notRegular: "it is not a regular file"
        case .isDirectory: "it is a folder"
        case .timedOut: "nothing comes out of it"
        case .noSuchAddressOrDevice: "nobody reads it"
        default: "\(error)"
        }
    }

    private static func isPipe(_ file: FileDescriptor) throws(Errno) -> Bool {
        var status = stat()
        try check(unsafe fstat(file.rawValue, &status))
        switch status.st_mode & S_IFMT {
        case S_IFREG: return false
        case S_IFDIR: throw .isDirectory
        case S_IFIFO: return true
        default: throw notRegular
        }
    }

    private static func waitForInput(_ file: FileDescriptor, _ milliseconds: Int32) throws(Errno) {
        var polled = pollfd(fd: file.rawValue, events: Int16(POLLIN), revents: 0)
        let count = unsafe poll(&polled, 1, milliseconds)
        guard count > 0 || count < 0 && errno == EINTR else { throw .timedOut }
    }

    /// Replaces the content: a new file beside it, flushed, renamed, and the folder flushed.
    ///
    /// The new file always has the same name, so that what a killed run left is used up by the next one. One process
    /// at a time may do this. It is for its owner alone, unless `permissions` lets others in.
    package func replace(
        _ content: [UInt8], permissions: FilePermissions = .ownerReadWrite
    ) throws(Errno) {
        var status = stat()
        // A device would be gone, and a file in its place.
        if unsafe stat(path.string, &status) == 0, status.st_mode & S_IFMT != S_IFREG { throw Self.notRegular }
        let temporary = directory.appending(".\(path.lastComponent?.string ?? "ork").tmp")
        unsafe unlink(temporary.string)
        do {
            try write(content, to: temporary, permissions)
            try Self.check(unsafe rename(temporary.string, path.string))
            try flushDirectory()
        } catch {
            unsafe unlink(temporary.string)
            throw error
        }
    }

    /// Writes a file that must not exist, whole or not at all; `false` if it does. It is for its owner alone, unless `permissions`
    /// lets others in.
    package func create(
        _ content: [UInt8], permissions: FilePermissions = .ownerReadWrite
    ) throws(Errno) -> Bool {
        var status = stat()
        guard unsafe lstat(path.string, &status) != 0 else { return false }
        let temporary = directory.appending(".\(path.lastComponent?.string ?? "ork").\(getpid()).tmp")
        unsafe unlink(temporary.string)
        defer { unsafe unlink(temporary.string) }
        try write(content, to: temporary, permissions)
        // Takes no name that there is, where a renaming would.
        if unsafe link(temporary.string, path.string) != 0 {
            guard errno != EEXIST else { return false }
            guard [EPERM, EOPNOTSUPP, ENOSYS, EMLINK].contains(errno) else { throw Errno(rawValue: errno) }
            guard try createWithoutLink(content, permissions) else { return false }
        }
        try flushDirectory()
        return true
    }

    /// The same on a file system without hard links, where only a process that is killed meanwhile leaves a part of it.
    private func createWithoutLink(_ content: [UInt8], _ permissions: FilePermissions) throws(Errno) -> Bool {
        do { try write(content, to: path, permissions) } catch {
            if error == .fileExists { return false }
            unsafe unlink(path.string)
            throw error
        }
        return true
    }

    /// Adds to the end of a file that others read, such as a CI system's summary; it is made if it is not there. A pipe
    /// that nobody reads is not waited for.
    package func append(_ content: [UInt8]) throws(Errno) {
        try asErrno {
            let file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .append, .closeOnExec, .nonBlocking],
                permissions: [.ownerReadWrite, .groupRead])
            try file.closeAfter { _ = try file.writeAll(content) }
        }
    }

    /// Whether anybody but the owner may read it.
    var isReadableByOthers: Bool {
        var status = stat()
        return unsafe stat(path.string, &status) == 0 && status.st_mode & 0o077 != 0
    }

    /// Makes a folder that must not exist, for its owner alone.
    static func makeDirectory(_ path: String) throws(Errno) { try check(unsafe mkdir(path, 0o700)) }

    /// Makes a folder and those above it, for their owner alone.
    package static func makeDirectories(_ path: String) throws(Errno) {
        let path = FilePath(path)
        var current = FilePath()
        current.root = path.root
        for component in path.components {
            current.append(component)
            if unsafe mkdir(current.string, 0o700) != 0, Errno(rawValue: errno) != .fileExists {
                throw Errno(rawValue: errno)
            }
        }
    }

    private func write(
        _ content: [UInt8], to path: FilePath, _ permissions: FilePermissions = .ownerReadWrite
    ) throws(Errno) {
        try asErrno {
            let file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: permissions)
            try file.closeAfter {
                _ = try file.writeAll(content)
                try Self.check(fsync(file.rawValue))
            }
        }
    }

    private func flushDirectory() throws(Errno) {
        let directory = directory
        try asErrno {
            let folder = try FileDescriptor.open(directory, .readOnly, options: [.directory, .closeOnExec])
            try folder.closeAfter { try Self.check(fsync(folder.rawValue)) }
        }
    }

    private static func check(_ status: CInt) throws(Errno) {
        if status != 0 { throw Errno(rawValue: errno) }
    }
}

/// swift-system throws `Errno` through untyped throws.
func asErrno<Result>(_ body: () throws -> Result) throws(Errno) -> Result {
    do { return try body() } catch let error as Errno { throw error } catch { throw .ioError }
}
