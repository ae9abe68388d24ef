package import Secrets

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
