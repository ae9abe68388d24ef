import CGit2
import FoundationEssentials
import Glibc
import Secrets

/// What is said in one exchange with a remote, for the calls that libgit2 makes meanwhile.
@safe
final class RemoteCallbacks {
    let remote: GitRemote
    /// What libgit2 speaks over, while it does.
    private(set) var connection: UnsafeMutablePointer<ork_git_connection>?
    /// Whether a certificate or a host key was shown and accepted.
    private(set) var isTrusted = false
    /// Whether the server has let us in and told of its branches.
    var isConnected = false
    private(set) var trustError: GitError?
    private(set) var hasOffered = false
    private(set) var isDenied = false

    init(_ remote: GitRemote) { self.remote = remote }

    /// Lends the calls for the length of `body`.
    func withCalls<Value>(
        _ body: (UnsafePointer<ork_git_calls>) throws(GitError) -> Value
    ) throws(GitError) -> Value {
        var calls = unsafe ork_git_calls(
            credentials: Self.credentials, certificate: Self.certificate, transport: Self.transport,
            payload: Unmanaged.passUnretained(self).toOpaque())
        defer { withExtendedLifetime(self) {} }
        return unsafe try body(&calls)
    }

    private static func of(_ payload: UnsafeMutableRawPointer?) -> RemoteCallbacks? {
        guard let payload = unsafe payload else { return nil }
        return unsafe Unmanaged<RemoteCallbacks>.fromOpaque(payload).takeUnretainedValue()
    }

    private static let credentials: git_credential_acquire_cb = { out, _, user, allowed, payload in
        guard let conversation = unsafe of(payload) else { return GIT_EAUTH.rawValue }
        let name = unsafe user.map { unsafe String(cString: $0) }
        return unsafe conversation.offer(out, user: name ?? "git", allowed)
    }

    // libgit2 asks again after each refusal, without end.
    private func offer(
        _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>?, user: String, _ allowed: UInt32
    ) -> Int32 {
        if allowed & GIT_CREDENTIAL_USERNAME.rawValue != 0, remote.address.transport == .ssh {
            return unsafe git_credential_username_new(out, user)
        }
        defer { hasOffered = true }
        if !hasOffered, isTrusted {
            switch remote.credentials {
            case .token(let user, let token)
            where remote.address.transport == .https && allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT.rawValue != 0:
                return unsafe token.withText { unsafe git_credential_userpass_plaintext_new(out, user, $0) }
            case .key(let path, let passphrase)
            where remote.address.transport == .ssh && allowed & GIT_CREDENTIAL_SSH_KEY.rawValue != 0:
                guard let passphrase else { return unsafe git_credential_ssh_key_new(out, user, nil, path, nil) }
                return unsafe passphrase.withText { unsafe git_credential_ssh_key_new(out, user, nil, path, $0) }
            case .keyText(let key, let passphrase)
            where remote.address.transport == .ssh && allowed & GIT_CREDENTIAL_SSH_MEMORY.rawValue != 0:
                return unsafe key.withText { key in
                    guard let passphrase else {
                        return unsafe git_credential_ssh_key_memory_new(out, user, nil, key, nil)
                    }
                    return unsafe passphrase.withText {
                        unsafe git_credential_ssh_key_memory_new(out, user, nil, key, $0)
                    }
                }
            case .agent where remote.address.transport == .ssh && allowed & GIT_CREDENTIAL_SSH_KEY.rawValue != 0:
                return unsafe git_credential_ssh_key_from_agent(out, user)
            default: break
            }
        }
        isDenied = true
        return GIT_EAUTH.rawValue
    }

    private static let certificate: git_transport_certificate_check_cb = { certificate, isValid, _, payload in
        guard let conversation = unsafe of(payload), let certificate = unsafe certificate else {
            return GIT_ECERTIFICATE.rawValue
        }
        unsafe conversation.judge(certificate, isValid: isValid != 0)
        return conversation.isTrusted ? 0 : GIT_ECERTIFICATE.rawValue
    }

    // 0 from here accepts anything, so that only what was checked may lead to it.
    private func judge(_ certificate: UnsafeMutablePointer<git_cert>, isValid: Bool) {
        let place = remote.address.place
        isTrusted = false
        if unsafe certificate.pointee.cert_type == GIT_CERT_X509, remote.address.transport == .https {
            isTrusted = isValid
            if !isValid { trustError = .untrusted(place) }
            return
        }
        var count = 0
        let key = unsafe ork_git_host_key(certificate, &count)
        let bytes = unsafe Array(UnsafeRawBufferPointer(start: key, count: key == nil ? 0 : count))
        let digest = unsafe ork_git_host_key_digest(certificate).map {
            unsafe Array(UnsafeBufferPointer(start: $0, count: 32))
        }
        guard remote.address.transport == .ssh,
            remote.hostKeys.accept(key: bytes, digest: digest ?? [], isKnown: isValid)
        else {
            trustError = .hostKey(remote, shown: HostKeys.fingerprint(digest ?? []))
            return
        }
        isTrusted = true
    }

    private static let transport: git_transport_cb = { out, remote, payload in
        guard let conversation = unsafe of(payload), let out = unsafe out, let remote = unsafe remote else { return -1 }
        let isSSH = conversation.remote.address.transport == .ssh
        return unsafe ork_git_transport(out, remote, isSSH ? 1 : 0, &conversation.connection)
    }
}

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

extension Secret {
    /// Lends a copy that ends with a NUL, and wipes it; the copies that libgit2 makes are out of reach.
    func withText(_ body: (UnsafePointer<CChar>) -> Int32) -> Int32 {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: count + 1, alignment: 1)
        defer {
            if let base = copy.baseAddress { unsafe explicit_bzero(base, copy.count) }
            unsafe copy.deallocate()
        }
        withBytes { span in unsafe span.withUnsafeBytes { unsafe copy.copyMemory(from: $0) } }
        unsafe copy[count] = 0
        guard let text = unsafe copy.assumingMemoryBound(to: CChar.self).baseAddress else { return -1 }
        return unsafe body(text)
    }
}
