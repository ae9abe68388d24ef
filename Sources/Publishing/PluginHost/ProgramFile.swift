import ChildProcesses
import Glibc
import PublisherKit
import Sodium
import SystemPackage

/// A program's file, as it was when it was found and, if pinned, hashed.
///
/// The file is started by its path, because a script's interpreter opens it again. That it is still the same file is
/// checked before the process is given any secret.
struct ProgramFile: Hashable, Sendable {
    let path: String
    private let identity: FileIdentity

    /// The first executable regular file of that name in `directories`, with the pinned SHA-256 if there is a pin.
    static func find(_ name: String, in directories: [String], pin: String?) throws(PublisherError) -> ProgramFile {
        guard let path = Program.find(name, in: directories), let identity = FileIdentity(path: path) else {
            throw PublisherError(
                .configuration, "there is no program \(name)",
                hint: "put it beside the steps, or name its folder in ORK_PLUGIN_PATH or PATH", field: "publisher")
        }
        let file = ProgramFile(path: path, identity: identity)
        if let pin { try file.check(pin) }
        return file
    }

    /// Whether the path leads to the same file with the same content.
    var isUnchanged: Bool { FileIdentity(path: path) == identity }

    private func check(_ pin: String) throws(PublisherError) {
        guard let bytes = try? Self.read(path), isUnchanged else {
            throw PublisherError(.configuration, "\(path) cannot be read to check its SHA-256", field: "sha256")
        }
        let found = SHA256.hex(bytes)
        guard found == pin else {
            throw PublisherError(
                .configuration, "\(path) has the SHA-256 \(found), not the pinned one",
                hint: "find out who changed the program; if it was you, pin the new value", field: "sha256")
        }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
        return try file.closeAfter {
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let count = try unsafe chunk.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
                guard count > 0 else { return bytes }
                bytes += chunk[..<count]
            }
        }
    }
}

/// What changes when a file is replaced or written to.
private struct FileIdentity: Hashable, Sendable {
    private let device: UInt
    private let number: UInt
    private let mode: UInt32
    private let size: Int
    private let changed: [Int]

    init?(path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        device = UInt(status.st_dev)
        number = UInt(status.st_ino)
        mode = status.st_mode
        size = status.st_size
        changed = [
            status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
        ]
    }
}
