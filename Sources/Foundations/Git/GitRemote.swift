import FoundationEssentials
package import Secrets

/// A repository elsewhere, what to show it, and what it must show.
package struct GitRemote: Sendable {
    package let address: GitAddress
    package let credentials: GitCredentials
    package let hostKeys: HostKeys

    package init(_ address: GitAddress, credentials: GitCredentials = .none, hostKeys: HostKeys = .none) {
        self.address = address
        self.credentials = credentials
        self.hostKeys = hostKeys
    }
}

/// Where a repository is: `https://…`, `ssh://…`, `user@host:path`, `file://…` or an absolute path.
package struct GitAddress: Sendable, Hashable {
    package enum Transport: Sendable { case https, ssh, local }

    package let transport: Transport
    /// For messages: the host with its port, or the path.
    package let place: String
    /// The host alone; empty for a path.
    package let host: String
    /// 22 if nothing else is said; for SSH only.
    let port: String
    let text: String

    /// The path of a repository on this machine, with the escapes of a `file` URL undone, as libgit2 does it.
    var path: String { text.hasPrefix("/") ? place : URL(string: text)?.path(percentEncoded: false) ?? place }

    /// Refuses what is not encrypted, and an address that holds a password.
    package init(_ text: String) throws(GitError) {
        guard !text.isEmpty, text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7f }) else {
            throw Self.unusable("it is empty, or holds spaces or control characters")
        }
        self.text = text
        if let rest = text.dropping("https://") {
            (transport, host, port, place) = try Self.parts(of: rest, .https)
        } else if let rest = text.dropping("ssh://") {
            (transport, host, port, place) = try Self.parts(of: rest, .ssh)
        } else if let path = text.dropping("file://") ?? (text.hasPrefix("/") ? text[...] : nil) {
            guard path.hasPrefix("/") else { throw Self.unusable("a path must be absolute") }
            (transport, host, port, place) = (.local, "", "", String(path))
        } else if !text.contains("://"), let colon = text.firstIndex(of: ":"), !text[..<colon].contains("/") {
            (transport, host, port, place) = try Self.parts(of: text[..<colon], .ssh)
        } else {
            throw Self.unusable("it must begin with https://, ssh:// or /, or be user@host:path")
        }
    }

    private static func parts(
        of rest: Substring, _ transport: Transport
    ) throws(GitError) -> (Transport, host: String, port: String, place: String) {
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let user = authority.lastIndex(of: "@").map { authority[..<$0] }
        guard !(user?.contains(":") ?? false), transport == .ssh || user == nil else {
            throw unusable("it must not hold a user or a password: those belong into the credentials")
        }
        let place = user.map { authority[$0.endIndex...].dropFirst() } ?? authority
        let host = place.prefix { $0 != ":" }
        let port = place.dropFirst(host.count)
        // An option of a program in the place of a host's name has been a hole elsewhere.
        guard !host.isEmpty, !host.hasPrefix("-"), port.isEmpty || (UInt16(port.dropFirst()) ?? 0) > 0 else {
            throw unusable("it names no host, or a port that is none")
        }
        return (transport, String(host), port.isEmpty ? "22" : String(port.dropFirst()), String(place))
    }

    private static func unusable(_ why: String) -> GitError {
        GitError(.invalid, "the address of the repository cannot be used: \(why)", hint: "correct the address")
    }
}

extension String {
    fileprivate func dropping(_ prefix: String) -> Substring? {
        hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }
}

/// What is offered to a server that asks who is there: once, and never again after a refusal.
package enum GitCredentials: Sendable {
    case none
    /// For HTTPS. GitHub takes the user `x-access-token`, GitLab `oauth2`.
    case token(user: String, Secret)
    /// For SSH: the file of a private key, and what opens it.
    case key(path: String, passphrase: Secret? = nil)
    /// For SSH: a private key as `ssh-keygen` writes it, and what opens it. It stays in memory.
    case keyText(Secret, passphrase: Secret? = nil)
    /// For SSH: the keys of the agent that `SSH_AUTH_SOCK` names.
    case agent
}
