import HTTP
import Secrets
package import Timestamps

/// The limits that every request obeys, in one place.
package struct HTTPPolicy: Sendable {
    /// For name resolution, TCP and TLS of one try.
    package var connectTimeout: Duration = .seconds(10)
    /// For one try, from its start to the last byte of the response.
    package var tryTimeout: Duration = .seconds(30)
    /// For a whole batch, retries and waits included.
    package var deadline: Duration = .seconds(90)
    /// The largest response body in bytes.
    package var bodyLimit = 16 << 20
    /// How often an idempotent request is sent at most.
    package var tries = 5
    /// How long to wait before a retry.
    package var backOff = BackOff(from: .milliseconds(500), upTo: .seconds(512))
    /// How many requests of a batch are under way at once; the others follow as answers arrive.
    package var concurrency = 64

    /// Whether what is under way is given up, too, when somebody asks to stop: nothing depends on its answer.
    package var givesUpWhenStopping = false

    package init() {}

    /// For a caller that decides itself what is sent again, and reads answers of some pages at most.
    package static var singleTry: HTTPPolicy {
        var policy = HTTPPolicy()
        policy.tries = 1
        policy.bodyLimit = 4 << 20
        return policy
    }

    /// For a caller that nobody waits for: a few seconds in all, whoever does not answer.
    package static var brief: HTTPPolicy {
        var policy = HTTPPolicy()
        policy.connectTimeout = .seconds(3)
        policy.tryTimeout = .seconds(4)
        policy.deadline = .seconds(10)
        policy.tries = 3
        policy.backOff = BackOff(from: .milliseconds(500), upTo: .seconds(2))
        policy.bodyLimit = 64 << 10
        policy.givesUpWhenStopping = true
        return policy
    }

    /// The statuses that promise something else for a later try (RFC 9110 §15.5.9, §15.6; RFC 6585 §4). OpenRouter
    /// sends 529 for an overloaded provider.
    static let retriedStatuses: Set<Int> = [408, 429, 502, 503, 504, 529]
}

extension HTTPRequest {
    // What the transport itself writes; a second one would let servers disagree about where a request ends or whose
    // it is.
    private static let ownFields: Set<String> = [
        "authorization", "connection", "content-length", "expect", "host", "proxy-authorization", "te",
        "transfer-encoding", "upgrade",
    ]

    /// Refuses what could not be sent as it was meant.
    func validate() throws(TransportError) {
        // An address that was put together must still be one, and of the same host.
        guard url.isWellFormed else {
            throw .invalid("the address is not well formed; check what was added to it")
        }
        guard body == nil || method != .get else { throw .invalid("a GET cannot carry a body") }
        for (name, value) in headers {
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenByte) else {
                throw .invalid("the name of a header field holds a character that cannot be sent")
            }
            guard !Self.ownFields.contains(name.lowercased()) else {
                throw .invalid("the header field \(name) is not the caller's to set")
            }
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw .invalid("the header field \(name) holds a control character")
            }
        }
        guard authorization == nil || !url.allowsPlainHTTP else {
            throw .invalid("nothing secret goes to an address that may be plain http")
        }
        switch authorization {
        case .bearer(let secret): try Self.validate(secret)
        case .scheme(let name, let secret):
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenByte) else {
                throw .invalid("the credential's scheme holds a character that cannot be sent")
            }
            try Self.validate(secret)
        case .field(let name, let secret):
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenByte) else {
                throw .invalid("the name of the credential's field holds a character that cannot be sent")
            }
            try Self.validate(secret)
        case .awsSignature(let key): try validate(key)
        case nil: break
        }
    }

    // libcurl 7.88.1 signs a percent-encoded path and an unsorted query differently from AWS, and it writes what is
    // signed for into one text with colons.
    private func validate(_ key: AWSSigningKey) throws(TransportError) {
        let path = url.description.drop { $0 != ":" }.dropFirst(3).drop { $0 != "/" && $0 != "?" }
        guard method == .post, path == "/", body != nil else {
            throw .invalid("only a POST of a body to / without a query is signed; check the address")
        }
        let names = [key.region, key.service]
        guard names.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(Self.isNameByte) }) else {
            throw .invalid("the region or the service to sign for is no name; check the region")
        }
        guard !key.accessKeyID.isEmpty, key.accessKeyID.utf8.allSatisfy({ Self.isNameByte($0) || $0 == 0x5F }) else {
            throw .invalid("the access key id holds something else than letters and digits; check how it was stored")
        }
        for secret in [key.secretAccessKey, key.sessionToken].compactMap(\.self) { try Self.validate(secret) }
    }

    // A letter, a digit or a hyphen.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte.isASCIIAlphanumeric || byte == 0x2D
    }

    private static func validate(_ credential: Secret) throws(TransportError) {
        let isVisible = credential.withBytes { span in
            (0..<span.byteCount).allSatisfy {
                (0x21...0x7E).contains(unsafe span.unsafeLoad(fromByteOffset: $0, as: UInt8.self))
            }
        }
        guard credential.count > 0, isVisible else {
            throw .invalid("the credential is empty or holds a blank or a line break; check how it was stored")
        }
    }

    // RFC 9110 §5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        byte.isASCIIAlphanumeric
            || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}
