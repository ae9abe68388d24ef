import ChildProcesses
import Glibc
import PublisherKit
import Sodium
import SystemPackage

/// A program's file, as it was when it was found.
///
/// A pinned one is opened once, hashed, and started from the open file, so that no link and no rename comes between. Its
/// script is `/proc/self/fd/3` to its interpreter. What is not pinned is started by its path. That it is still the same
/// file is checked before the process is given any secret.
struct ProgramFile: Sendable {
    private let path: String
    private let image: ProgramImage?
    private let identity: FileIdentity

    /// The first executable regular file of that name in `directories`, with the pinned SHA-256 if there is a pin; `nil` if
    /// there is none.
    static func find(_ name: String, in directories: [String], pin: String?) throws(PublisherError) -> ProgramFile? {
        guard let path = Program.find(name, in: directories) else { return nil }
        guard let pin else { return try ProgramFile(path, nil) }
        let image: ProgramImage
        do { image = try ProgramImage(path) } catch { throw unreadable(path) }
        let file = try ProgramFile(path, image)
        try file.check(pin)
        return file
    }

    private init(_ path: String, _ image: ProgramImage?) throws(PublisherError) {
        guard let identity = FileIdentity(path, image) else { throw Self.unreadable(path) }
        self.path = path
        self.image = image
        self.identity = identity
    }

    /// The program with one argument, in that folder or in ours.
    func program(_ word: String, environment: [String: String], folder: String? = nil) -> Program {
        var program = Program([path, word], environment: environment, directory: folder)
        program.image = image
        program.diesWithUs = true
        return program
    }

    /// Whether it is still the same file with the same content.
    var isUnchanged: Bool { FileIdentity(path, image) == identity }

    private func check(_ pin: String) throws(PublisherError) {
        guard let image, let bytes = try? image.descriptor.readToEnd(pieces: 1 << 20), isUnchanged else {
            throw Self.unreadable(path)
        }
        let found = SHA256.hex(bytes)
        guard found == pin else {
            throw PublisherError(
                .configuration, "\(path) has the SHA-256 \(found), not the pinned one",
                hint: "find out who changed the program; if it was you, pin the new value", field: "sha256")
        }
    }

    private static func unreadable(_ path: String) -> PublisherError {
        PublisherError(.configuration, "\(path) cannot be read, or changes meanwhile", field: "publisher")
    }
}

/// What changes when a file is replaced or written to.
private struct FileIdentity: Hashable, Sendable {
    private let device: UInt
    private let number: UInt
    private let mode: UInt32
    private let size: Int
    private let changed: [Int]

    /// Of the open file, or of the one that the path leads to.
    init?(_ path: String, _ image: ProgramImage?) {
        var status = stat()
        if let image {
            guard let found = image.status else { return nil }
            status = found
        } else {
            guard unsafe stat(path, &status) == 0 else { return nil }
        }
        device = UInt(status.st_dev)
        number = UInt(status.st_ino)
        mode = status.st_mode
        size = status.st_size
        changed = [
            status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
        ]
    }
}
