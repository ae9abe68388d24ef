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
