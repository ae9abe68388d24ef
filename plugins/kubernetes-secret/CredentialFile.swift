import FoundationEssentials
import HTTP
import PublisherKit
import Secrets
import Synchronization
import Timestamps

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
                .configuration, "the file \(DisplayText.line(path)) \(problem)",
                hint: "look at its path and its permissions", field: field)
        }
        guard max(size ?? 0, content.count) <= limit else {
            throw PublisherError(
                .configuration, "the file \(DisplayText.line(path)) is larger than \(limit) bytes", field: field)
        }
        return [UInt8](content)
    }

    /// A text without the blanks and line ends around it.
    static func text(_ path: String, field: String) throws(PublisherError) -> String {
        let bytes = try bytes(path, field: field).trimmingPrefix { $0 <= 32 }
        let end = bytes.lastIndex { $0 > 32 }.map { $0 + 1 } ?? bytes.startIndex
        guard let text = String(validating: bytes[..<end], as: UTF8.self), !text.isEmpty else {
            throw PublisherError(
                .configuration, "the file \(DisplayText.line(path)) is empty or no text", field: field)
        }
        return text
    }

    /// Certificates in PEM.
    static func certificates(_ path: String, field: String) throws(PublisherError) -> [UInt8] {
        try pem(try bytes(path, field: field), "the file \(DisplayText.line(path))", field: field)
    }

    /// Refuses what is not PEM (RFC 7468 §2), so that it is reported before any connection is made.
    static func pem(_ bytes: [UInt8], _ name: String, field: String) throws(PublisherError) -> [UInt8] {
        guard bytes.firstRange(of: Array("-----BEGIN ".utf8)) != nil else {
            throw PublisherError(.configuration, "\(name) is not PEM", hint: "it begins with -----BEGIN", field: field)
        }
        return bytes
    }
}

/// A token that is kept in a file and replaced there before it expires: a pod's, or a kubeconfig's `tokenFile`. It is
/// read again after a minute, as client-go does (transport/token_source.go), and when the cluster refuses it.
final class TokenFile: ServiceCredentials {
    private let path: String
    private let clock: any WallClock
    private let state = Mutex<(token: Secret, readAt: Date)?>(nil)
    private let seen = Mutex<[Secret]>([])

    private static let age: TimeInterval = 60

    init(_ path: String, clock: any WallClock) {
        self.path = path
        self.clock = clock
    }

    /// An answer may be about an earlier one.
    var secrets: [Secret] { seen.withLock(\.self) }

    func authorization(until deadline: Date) throws(ServiceError) -> HTTPAuthorization? {
        try state.withLock { state throws(ServiceError) in
            if let held = state, clock.now < held.readAt.addingTimeInterval(Self.age) { return .bearer(held.token) }
            do throws(PublisherError) {
                let token = try read()
                state = (token, clock.now)
                return .bearer(token)
            } catch {
                // It may be in the middle of being replaced.
                guard let held = state else { throw ServiceError(error) }
                return .bearer(held.token)
            }
        }
    }

    func renew(_ refused: HTTPAuthorization?, after answer: ServiceAnswer, until deadline: Date) -> Bool {
        guard answer.status == 401 else { return false }
        return state.withLock { state in
            guard let token = try? read() else { return false }
            state = (token, clock.now)
            return refused != .bearer(token)
        }
    }

    private func read() throws(PublisherError) -> Secret {
        let token = Secret(try CredentialFile.text(path, field: "with.kubeconfig"))
        seen.withLock { seen in
            if !seen.contains(token) { seen.append(token) }
        }
        return token
    }
}

/// Who asks is what the client certificate says; requests carry nothing.
struct Certificate: ServiceCredentials {
    var secrets: [Secret] { [] }

    func authorization(until deadline: Date) -> HTTPAuthorization? { nil }
}
