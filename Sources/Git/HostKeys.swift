import FoundationEssentials

/// What vouches for the host key of an SSH server. Nothing unknown is ever accepted.
package enum HostKeys: Sendable, Hashable {
    /// No server is known.
    case none
    /// The content of a `known_hosts` file (sshd(8)).
    case knownHosts(String)
    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    case fingerprint(String)
    /// The line of a public key, `ssh-ed25519 AAAA…`.
    case key(String)
}

extension HostKeys {
    /// The lines for libssh2, which takes the type of the first key that it finds for a host and asks for no other. RSA
    /// goes last, because libssh2 1.10 has only the signature of it that servers no longer give.
    func lines(for address: GitAddress) -> String {
        switch self {
        case .none, .fingerprint: return ""
        case .key(let line):
            guard line.fields.count >= 2 else { return "" }
            let name = address.port == "22" ? address.host : "[\(address.host)]:\(address.port)"
            return "\(name) \(line.fields.prefix(2).joined(separator: " "))\n"
        case .knownHosts(let text):
            let known = text.lines.filter { !$0.hasPrefix("#") && !$0.hasPrefix("@") && $0.fields.count >= 3 }
            let ranked = Self.types.map { type in known.filter { $0.fields[1].hasPrefix(type) } }
            return ranked.joined().map { "\($0)\n" }.joined()
        }
    }

    private static let types = ["ssh-ed25519", "ecdsa-", "ssh-rsa"]

    /// Whether the key that a server shows is one of those. `isKnown` is what libssh2 found in the lines.
    func accept(key: [UInt8], digest: [UInt8], isKnown: Bool) -> Bool {
        let encoded = Data(key).base64EncodedString()
        switch self {
        case .none: return false
        case .key(let line): return line.fields.count >= 2 && !key.isEmpty && line.fields[1] == encoded
        case .fingerprint(let text):
            let shown = Self.fingerprint(digest)
            return digest.count == 32 && text.trimmingPrefix("SHA256:").prefix { $0 != "=" } == shown.dropFirst(7)
        case .knownHosts(let text):
            let isRevoked = text.lines.contains { $0.hasPrefix("@revoked") && $0.fields.contains(encoded[...]) }
            return isKnown && !key.isEmpty && !isRevoked
        }
    }

    /// The digest of a key as `ssh-keygen -l` prints it.
    static func fingerprint(_ digest: [UInt8]) -> String {
        "SHA256:" + Data(digest).base64EncodedString().prefix { $0 != "=" }
    }
}

extension String {
    fileprivate var lines: [Substring] { split(whereSeparator: \.isNewline) }
    fileprivate var fields: [Substring] { split { $0 == " " || $0 == "\t" } }
}

extension Substring {
    fileprivate var fields: [Substring] { split { $0 == " " || $0 == "\t" } }
}
