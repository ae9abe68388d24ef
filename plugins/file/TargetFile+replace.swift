import FoundationEssentials
import Glibc
import PublisherKit
import Secrets

extension TargetFile {
    /// Waits until no other publisher writes in this directory. The lock (`flock`) ends with the open directory.
    ///
    /// It is on the directory because the file itself is another one after each write.
    borrowing func lock(until deadline: Date) throws(PublisherError) {
        while flock(directory, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw PublisherError(
                    .unavailable, "the directory of \(path) cannot be locked (error number \(errno))",
                    hint: "keep the file on a file system that has locks", field: "with.path")
            }
            guard Date() < deadline else {
                throw PublisherError(
                    .unavailable, "another process writes in the directory of \(path)", hint: "run the step again")
            }
            usleep(20_000)
        }
    }

    /// Removes what a killed run left. Whoever writes holds the lock, so nobody needs these files any more.
    borrowing func removeLeftovers() throws(PublisherError) {
        let descriptor = unsafe openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("the directory of \(path) cannot be read", errno) }
        guard let stream = unsafe fdopendir(descriptor) else {
            close(descriptor)
            throw Self.failure("the directory of \(path) cannot be read", errno)
        }
        defer { unsafe closedir(stream) }
        while let entry = unsafe readdir(stream) {
            let found = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            guard isLeftover(found) else { continue }
            var status = stat()
            guard unsafe fstatat(directory, found, &status, AT_SYMLINK_NOFOLLOW) == 0,
                status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() || geteuid() == 0
            else { continue }
            guard unsafe unlinkat(directory, found, 0) == 0 || errno == ENOENT else {
                throw Self.failure("what an earlier run left beside \(path) cannot be removed", errno)
            }
        }
    }

    private var prefix: String { ".\(name).ork-" }

    private func isLeftover(_ found: String) -> Bool {
        guard found.hasPrefix(prefix) else { return false }
        let digits = found.utf8.dropFirst(prefix.utf8.count)
        return digits.count == 16 && digits.allSatisfy { $0.isLowercaseHexDigit }
    }

    /// Puts a new file in the place of the one there is, in one step, with its owner and its permissions.
    ///
    /// An error means that the file is what it was; a returned one that it may be the new one, and may not last.
    borrowing func replace(
        _ content: Content?, with bytes: [UInt8], mode: UInt32
    ) throws(PublisherError) -> PublisherError? {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        let temporary = prefix + String(repeating: "0", count: 16 - digits.count) + digits
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = unsafe openat(directory, temporary, flags, 0o600)
        guard descriptor >= 0 else { throw Self.failure("no file can be made beside \(path)", errno) }
        defer { close(descriptor) }
        do throws(PublisherError) {
            try write(bytes, to: descriptor)
            try takeOver(content, on: descriptor, mode: mode)
            guard fsync(descriptor) == 0 else { throw Self.failure("the file beside \(path) cannot be written", errno) }
            try checkUnchanged(content)
        } catch {
            _ = unsafe unlinkat(directory, temporary, 0)
            throw error
        }
        guard unsafe renameat(directory, temporary, directory, name) == 0 else {
            let number = errno
            _ = unsafe unlinkat(directory, temporary, 0)
            let failure = Self.failure("\(path) cannot be replaced", number)
            if number == EIO { return failure }
            throw failure
        }
        return fsync(directory) == 0 ? nil : Self.failure("\(path) may not outlast a crash", errno)
    }

    /// Refuses if somebody who does not know the lock has written since the file was read.
    private borrowing func checkUnchanged(_ content: Content?) throws(PublisherError) {
        var status = stat()
        let isThere = unsafe fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0
        guard content?.stamp == (isThere ? Stamp(status) : nil) else {
            throw PublisherError(
                .unavailable, "\(path) was changed by somebody else at the same time", hint: "run the step again")
        }
    }

    /// Makes sure that what can be read is on the disk.
    borrowing func synchronize() throws(PublisherError) {
        let descriptor = unsafe openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("\(path) cannot be read", errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0, fsync(directory) == 0 else {
            throw Self.failure("\(path) may not outlast a crash", errno)
        }
    }

    private borrowing func write(_ bytes: [UInt8], to descriptor: Int32) throws(PublisherError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("the file beside \(path) cannot be written", errno) }
            rest = rest.dropFirst(count)
        }
    }

    private borrowing func takeOver(
        _ content: Content?, on descriptor: Int32, mode: UInt32
    ) throws(PublisherError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure("\(path) cannot be replaced", errno) }
        if let content, status.st_uid != content.owner || status.st_gid != content.group {
            guard fchown(descriptor, content.owner, content.group) == 0 else { throw Self.foreignOwner(path) }
        }
        guard fchmod(descriptor, content?.mode ?? mode) == 0 else {
            throw Self.failure("the permissions of \(path) cannot be set", errno)
        }
    }
}
