import CGit2

/// Why something with a repository or a remote did not work. It quotes neither an address nor the library's own texts,
/// which may hold a user's name or a token.
package struct GitError: Error, Sendable, Hashable {
    package enum Code: String, Sendable, CaseIterable {
        /// No connection.
        case unreachable
        /// The server's certificate was not accepted.
        case untrusted
        /// Nothing vouches for the server's host key.
        case unknownHostKey
        /// The server shows another host key than the one known.
        case changedHostKey
        /// The server does not accept the credential, or wants one and there is none.
        case denied
        /// No such repository, commit or file.
        case notFound
        /// The repository has no such branch.
        case noBranch
        /// No repository on this machine where one was named to borrow from.
        case noLender
        /// The exchange broke off; whether a push arrived is not known.
        case interrupted
        /// What was asked for cannot be done as it is.
        case invalid
        /// The commit could not be signed.
        case unsigned
        /// The repository on this machine cannot be read or written.
        case storage
        /// The server could not keep what was sent: its disk is full, say. Nothing was written.
        case remoteStorage
    }

    package let code: Code
    /// Lower case, no full stop.
    package let message: String
    /// What to do next.
    package let hint: String

    package init(_ code: Code, _ message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}

extension GitError {
    static func untrusted(_ place: String) -> GitError {
        GitError(
            .untrusted, "the certificate of \(place) is not trusted",
            hint: "check its date and its name, and name the file of a private authority")
    }

    /// A host key that was not accepted. Its fingerprint is public.
    static func hostKey(_ remote: GitRemote, shown: String) -> GitError {
        let place = remote.address.place
        if remote.hostKeys.names(remote.address) {
            return GitError(
                .changedHostKey, "\(place) shows another host key than the one known, \(shown)",
                hint: "ask who runs it whether its key changed, and only then write down the new one")
        }
        return GitError(
            .unknownHostKey, "the host key of \(place) is not known, it shows \(shown)",
            hint: "compare it with what its owner publishes, then pin it or add it to known_hosts")
    }

    static func denied(_ place: String, _ credentials: GitCredentials) -> GitError {
        if case .none = credentials {
            return GitError(.denied, "\(place) asks for a credential, and there is none", hint: "configure one")
        }
        return GitError(
            .denied, "\(place) does not accept the credential",
            hint: "check that it is valid, that it may do this, and that it is of the kind that the address takes")
    }

    /// How a call about a remote that failed with `status` is told. libgit2's text is read and never shown.
    static func failed(_ status: Int32, _ conversation: RemoteCallbacks) -> GitError {
        let place = conversation.remote.address.place
        let last = unsafe git_error_last()
        let text = unsafe (last?.pointee.message).map { unsafe String(cString: $0).lowercased() } ?? ""
        let kind = unsafe last?.pointee.klass ?? 0
        if let error = conversation.trustError { return error }
        if status == GIT_ECERTIFICATE.rawValue { return .untrusted(place) }
        if conversation.isDenied || status == GIT_EAUTH.rawValue || text.hasSuffix("status code: 403") {
            return .denied(place, conversation.remote.credentials)
        }
        if kind == Int32(GIT_ERROR_OS.rawValue), text.contains("space") { return .storage(status) }
        return conversation.isConnected
            ? brokenOff(status, place) : notConnected(status, kind, text, conversation)
    }

    private static func brokenOff(_ status: Int32, _ place: String) -> GitError {
        GitError(
            .interrupted, "the exchange with \(place) broke off (libgit2 \(status))",
            hint: "look at the branch, then try again")
    }

    /// Why the server did not let us in.
    private static func notConnected(
        _ status: Int32, _ kind: Int32, _ text: String, _ conversation: RemoteCallbacks
    ) -> GitError {
        let remote = conversation.remote
        let place = remote.address.place
        if text.contains("permission denied") || text.contains("access denied") {
            return .denied(place, remote.credentials)
        }
        // What 1.5 says of a path that is not there.
        let isNoPath = remote.address.transport == .local && text.contains("unsupported url protocol")
        if isNoPath || status == GIT_ENOTFOUND.rawValue || text.hasSuffix("status code: 404")
            || text.contains("not found")
            || text.contains("does not appear to be a git repository") || text.contains("does not exist")
        {
            return GitError(
                .notFound, "there is no repository at this address on \(place)",
                hint: "check the address; a server also says so to those who may not see it")
        }
        if text.contains("redirect") {
            return GitError(
                .invalid, "\(place) sends to another address, and that is not followed",
                hint: "configure the address that it sends to, if that is meant")
        }
        guard conversation.isTrusted || remote.address.transport == .local else {
            return GitError(
                .unreachable, "no connection to \(place) (libgit2 \(status))",
                hint: "check the address, the network and the proxy variables; \(Self.strange(remote))")
        }
        // libssh2 cannot read a key, or cannot open it, only after the server has been asked.
        if conversation.hasOffered, kind == Int32(GIT_ERROR_SSH.rawValue), !text.contains("eof") {
            return .denied(place, remote.credentials)
        }
        return brokenOff(status, place)
    }

    private static func strange(_ remote: GitRemote) -> String {
        remote.address.transport == .ssh
            ? "the server must have a host key of the type that is known here" : "the server must speak TLS 1.2"
    }
}

extension HostKeys {
    /// Whether a key of this server is known, whatever it is.
    func names(_ address: GitAddress) -> Bool {
        switch self {
        case .none: return false
        case .fingerprint, .key: return true
        case .knownHosts(let text):
            let names = [address.host, "[\(address.host)]:\(address.port)"]
            // Hashed names are not looked into here: such a server counts as unknown, which is as closed.
            return text.split(whereSeparator: \.isNewline).contains { line in
                guard let field = line.split(separator: " ").first else { return false }
                return field.split(separator: ",").contains { names.contains(String($0)) }
            }
        }
    }
}
