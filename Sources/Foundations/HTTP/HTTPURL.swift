package import Secrets

/// An address that ork may connect to: https, or http to this machine; http to where a cloud hands out credentials; and http to
/// an application's probe where somebody has said so. No user, no fragment, nothing that readers take apart in different ways.
public struct HTTPURL: Hashable, Sendable, CustomStringConvertible {
    /// The address as it was written.
    public let description: String
    /// The host in lower case, without port and brackets.
    public let host: String
    /// Whether the host is this machine: `localhost`, a name below it, `127.0.0.0/8` or `::1`.
    public let isLoopback: Bool
    /// Whether plain http may be spoken to it wherever it is, because nothing secret is sent and somebody has said so.
    public let allowsPlainHTTP: Bool
    /// Whether plain http was let through, because nobody but this machine and its host can answer there.
    public let isCredentialEndpoint: Bool

    /// Where AWS hands out credentials to containers (ECS, EKS Pod Identity) and instances: addresses of the link itself
    /// (RFC 3927, RFC 4193), which no router passes on and where AWS serves no TLS. The SDKs' reference guide lists
    /// them ("Container credential provider", "IMDS credential provider").
    private static let credentialHosts: Set<String> = [
        "169.254.170.2", "169.254.170.23", "169.254.169.254", "fd00:ec2::23", "fd00:ec2::254",
    ]

    /// Why ork may not connect to an address.
    public enum Mistake: String, Error {
        /// The text is no absolute http or https address.
        case form = "not an https address"
        /// Plain http to another machine.
        case plaintext = "plain http is accepted only for localhost; use https"
        /// A user name or password, which belongs in a header.
        case user = "an address may not hold a user name or a password"
    }

    /// Reads an absolute address.
    public init(_ text: String) throws(Mistake) {
        try self.init(text) { _ in false }
    }

    /// Reads the address of something that hands out AWS's credentials: the one thing that may be plain http to
    /// another address than this machine's, and only to AWS's own.
    public init(credentialEndpoint text: String) throws(Mistake) {
        try self.init(text, isPlain: Self.credentialHosts.contains)
    }

    /// Reads the address of something that hands out credentials on the link itself, and that the platform's own variable
    /// names: plain http to an address of RFC 3927, written as one, which no router passes on.
    public init(linkLocal text: String) throws(Mistake) {
        try self.init(text, isPlain: Self.isLinkLocal)
    }

    /// Reads an address that may be plain http to any machine: for a request that carries no secret, over a network on which
    /// whoever says so trusts every answer, such as a cluster's own.
    public init(allowingPlain text: String) throws(Mistake) {
        try self.init(text, allowsPlain: true) { _ in false }
    }

    private init(_ text: String, allowsPlain: Bool = false, isPlain: (String) -> Bool) throws(Mistake) {
        let scheme = text.hasPrefix("https://") ? "https://" : "http://"
        guard text.hasPrefix(scheme), text.utf8.allSatisfy(Self.isAllowed) else { throw .form }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else { throw .user }
        guard let host = Self.host(of: authority) else { throw .form }
        self.host = host
        description = text
        isLoopback = Self.isLoopback(host)
        allowsPlainHTTP = allowsPlain
        isCredentialEndpoint = scheme == "http://" && isPlain(host)
        guard scheme == "https://" || isNear || allowsPlain else { throw .plaintext }
    }

    private init(_ url: HTTPURL, as description: String) {
        self.description = description
        host = url.host
        isLoopback = url.isLoopback
        allowsPlainHTTP = url.allowsPlainHTTP
        isCredentialEndpoint = url.isCredentialEndpoint
    }

    /// Whether it still reads as what it is taken for: it may have been put together.
    public var isWellFormed: Bool {
        let read = try? HTTPURL(description, allowsPlain: allowsPlainHTTP) { host in
            isCredentialEndpoint && (Self.credentialHosts.contains(host) || Self.isLinkLocal(host))
        }
        return read == self
    }

    /// Whether plain http may be spoken there, and no proxy may come between.
    public var isNear: Bool { isLoopback || isCredentialEndpoint }

    /// The same address with `path` at its end and `query` encoded behind it. `path` must be encoded already.
    public func appending(_ path: String, query: [(String, String)] = []) -> HTTPURL {
        var text = description
        if text.hasSuffix("/") && path.hasPrefix("/") { text.removeLast() }
        // Without a slash between them, the path would become part of the host's name.
        if !path.isEmpty, !path.hasPrefix("/"), !path.hasPrefix("?"), !text.hasSuffix("/") { text += "/" }
        text += path
        var separator = text.contains("?") ? "&" : "?"
        for (name, value) in query {
            text += separator + Self.encode(name) + "=" + Self.encode(value)
            separator = "&"
        }
        return HTTPURL(self, as: text)
    }

    /// Percent-encodes everything but the unreserved characters of RFC 3986 §2.3.
    public static func encode(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case _ where byte.isASCIIAlphanumeric || "-._~".utf8.contains(byte):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.count == 1 ? "%0" + digits : "%" + digits
            }
        }
        return result
    }

    // Printable ASCII without the characters that RFC 3986 excludes and without the fragment's mark.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && !"\"#<>\\^`{|}".utf8.contains(byte)
    }

    private static func host(of authority: Substring) -> String? {
        var host = authority
        var port: Substring = ""
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let behind = authority[authority.index(after: end)...]
            guard behind.isEmpty || behind.hasPrefix(":") else { return nil }
            port = behind.dropFirst()
            guard !host.isEmpty, host.utf8.allSatisfy({ "0123456789abcdefABCDEF:.".utf8.contains($0) }) else {
                return nil
            }
        } else {
            if let colon = authority.firstIndex(of: ":") {
                host = authority[..<colon]
                port = authority[authority.index(after: colon)...]
            }
            let isName = host.utf8.allSatisfy {
                $0.isASCIIAlphanumeric || "-._".utf8.contains($0)
            }
            guard !host.isEmpty, isName else { return nil }
        }
        guard port.isEmpty || isDecimal(port) && (UInt16(port) ?? 0) > 0 else { return nil }
        return host.lowercased()
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host.hasSuffix(".localhost") || host == "::1" { return true }
        return octets(host)?.first == "127"
    }

    private static func isLinkLocal(_ host: String) -> Bool { octets(host)?.prefix(2) == ["169", "254"] }

    /// The numbers of an IPv4 address that is written as four of them.
    private static func octets(_ host: String) -> [Substring]? {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { isDecimal($0) && UInt8($0) != nil } ? parts : nil
    }

    // Digits without a leading zero, which some readers take for octal.
    private static func isDecimal(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { $0.isASCIIDigit } && (text == "0" || !text.hasPrefix("0"))
    }
}

extension HTTPURL {
    /// The address, and its parts behind the host that are long enough to be what lets people in: for one that is a
    /// credential, of which an answer may repeat a part.
    package var asSecrets: [Secret] {
        let parts = description.split { "/?&=".contains($0) }.dropFirst(2).map(String.init)
        return ([description] + parts.filter { $0.utf8.count >= 8 }).map { Secret($0) }
    }

    /// The address without its query, which may hold a token: for people.
    public var withoutQuery: String { String(description.prefix { $0 != "?" }) }
}
