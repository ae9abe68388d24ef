import FoundationEssentials
import Glibc

/// A new folder for one test, deleted with its last reference.
package final class TemporaryDirectory: Sendable {
    /// A call that failed.
    package struct Failure: Error {
        package let errno: Int32
    }

    /// The absolute path, without links in it.
    package let path: String

    package init() throws {
        let base = FileManager.default.temporaryDirectory.path
        var template = Array("\(base)/ork-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw Failure(errno: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of `name` in this folder.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes `text` to `name` and returns its path.
    @discardableResult
    package func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: file(name)))
        return file(name)
    }

    /// Writes a program to `name` and returns its path.
    ///
    /// Another process does it: a file that this one has open for writing, and that a child started meanwhile by
    /// another test inherits for a moment, cannot be executed (ETXTBSY).
    @discardableResult
    package func writeProgram(_ text: String, to name: String) throws -> String {
        let source = try write(text, to: ".\(name).text")
        guard unsafe system("install -m 755 '\(source)' '\(file(name))'") == 0 else { throw Failure(errno: EIO) }
        return file(name)
    }

    /// The content of `name` as text.
    package func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: file(name))), as: UTF8.self)
    }
}
