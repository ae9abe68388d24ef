import HTTP
import Secrets

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
        guard let read = try? HTTPURL(url.description), read == url else {
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
        switch authorization {
        case .bearer(let secret): try Self.validate(secret)
        case nil: break
        }
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
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}
