/// The name of a publisher, the NAME of `ork-publisher-NAME`: lowercase letters, digits and hyphens.
package struct PublisherName: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// `nil` for anything that could name a path or an option.
    package init?(_ text: String) {
        let allowed = text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
        guard allowed, !text.isEmpty, text.utf8.count <= 64, !text.hasPrefix("-") else { return nil }
        description = text
    }

    /// Those that come with ork.
    package static let shipped = [
        "aws-parameter", "aws-secrets-manager", "azure-key-vault", "command", "file", "fly-secret", "git",
        "github-secret", "gitlab-variable", "google-secret", "http", "kubernetes-secret", "vault-kv", "vercel",
    ].compactMap { PublisherName($0) }
}

/// The name of an environment variable (POSIX: letters, digits, underscore, no leading digit).
package struct EnvironmentName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let description: String

    /// `nil` for anything that is not such a name.
    package init?(_ text: String) {
        let allowed = text.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 95
        }
        guard allowed, let first = text.first, !first.isNumber else { return nil }
        description = text
    }

    /// How the names begin that ork keeps for itself, in whatever case.
    package static let reservedPrefixes = ["ORK_", "OPENROUTER_"]

    /// Whether ork keeps the variable for itself: its identity, its switches, the keys of OpenRouter.
    package var isReserved: Bool {
        Self.reservedPrefixes.contains { description.uppercased().hasPrefix($0) }
    }

    /// Whether the name says that the variable holds a credential. Such a variable is handed on only where the plan
    /// names it.
    package var namesCredential: Bool {
        description.uppercased().split(separator: "_").contains { Self.credentialWords.contains(String($0)) }
    }

    /// Whether the variable itself holds a credential by its name, not a file's or a service's name or an address.
    package var holdsCredential: Bool {
        let last = description.uppercased().split(separator: "_").last.map(String.init) ?? ""
        return namesCredential && !["FILE", "PATH", "DIR", "URL", "NAME", "ID"].contains(last)
    }

    /// Whether the name says that the variable holds the path of a file or of a folder. `PATH` is many paths, and elsewhere
    /// often no file's.
    package var namesFile: Bool {
        let last = description.uppercased().split(separator: "_").last.map(String.init) ?? ""
        return ["FILE", "DIR", "BUNDLE", "CERTS", "CACERT", "KUBECONFIG", "HOME", "TMPDIR"].contains(last)
    }

    private static let credentialWords: Set<String> = [
        "APIKEY", "AUTH", "AUTHORIZATION", "COOKIE", "CREDENTIAL", "CREDENTIALS", "JWT", "KEY", "KEYS", "PASS",
        "PASSPHRASE", "PASSWD", "PASSWORD", "PAT", "PRIVATE", "SECRET", "SECRETS", "SESSION", "TOKEN", "TOKENS",
    ]

    package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}
