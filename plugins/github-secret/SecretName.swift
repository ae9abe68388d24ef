import PublisherPlugin

/// The name of a secret or a variable. GitHub does not tell cases apart and keeps upper ones, as this type does.
struct SecretName: Hashable, CustomStringConvertible {
    let description: String

    /// By the rules of GitHub's "Using secrets in GitHub Actions"; `key` is the setting that it stands in.
    init(_ text: String, setting key: String) throws(PublisherError) {
        let isName = text.utf8.enumerated().allSatisfy { index, byte in
            (65...90).contains(byte) || (97...122).contains(byte) || byte == 95 || index > 0 && (48...57).contains(byte)
        }
        guard isName, !text.isEmpty else {
            throw Settings.error(
                key, "'\(key)' is not a name that GitHub takes",
                hint: "use letters, digits and underscores, and no digit first")
        }
        description = text.uppercased()
        guard !description.hasPrefix("GITHUB_") else {
            throw Settings.error(key, "'\(key)' begins with GITHUB_, which GitHub keeps for itself")
        }
    }
}
