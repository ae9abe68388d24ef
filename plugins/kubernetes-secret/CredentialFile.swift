import FoundationEssentials
import PublisherPlugin
import Secrets
import ServiceClient

/// The files that say who we are and whom to trust.
enum CredentialFile {
    private static let limit = 1 << 20

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// Errors name the path and never what stands in the file.
    static func bytes(_ path: String, field: String) throws(PublisherError) -> [UInt8] {
        let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
        guard let content = FileManager.default.contents(atPath: path), !content.isEmpty else {
            let problem = exists(path) ? "is empty or cannot be read" : "is not there"
            throw PublisherError(
                .configuration, "the file \(ForeignText.line(path)) \(problem)",
                hint: "look at its path and its permissions", field: field)
        }
        guard max(size ?? 0, content.count) <= limit else {
            throw PublisherError(
                .configuration, "the file \(ForeignText.line(path)) is larger than \(limit) bytes", field: field)
        }
        return [UInt8](content)
    }

    /// A text without the blanks and line ends around it.
    static func text(_ path: String, field: String) throws(PublisherError) -> String {
        let bytes = try bytes(path, field: field).trimmingPrefix { $0 <= 32 }
        let end = bytes.lastIndex { $0 > 32 }.map { $0 + 1 } ?? bytes.startIndex
        guard let text = String(validating: bytes[..<end], as: UTF8.self), !text.isEmpty else {
            throw PublisherError(
                .configuration, "the file \(ForeignText.line(path)) is empty or no text", field: field)
        }
        return text
    }

    /// Certificates in PEM.
    static func certificates(_ path: String, field: String) throws(PublisherError) -> [UInt8] {
        try pem(try bytes(path, field: field), "the file \(ForeignText.line(path))", field: field)
    }

    /// Refuses what is no PEM (RFC 7468 §2), so that it is told before anybody dials.
    static func pem(_ bytes: [UInt8], _ name: String, field: String) throws(PublisherError) -> [UInt8] {
        guard bytes.firstRange(of: Array("-----BEGIN ".utf8)) != nil else {
            throw PublisherError(.configuration, "\(name) is not PEM", hint: "it begins with -----BEGIN", field: field)
        }
        return bytes
    }
}
