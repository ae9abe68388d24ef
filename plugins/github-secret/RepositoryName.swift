import PublisherPlugin

/// A repository, `OWNER/NAME`.
struct RepositoryName: Hashable, CustomStringConvertible {
    let owner: String
    let name: String

    var description: String { "\(owner)/\(name)" }
    var path: [String] { ["repos", owner, name] }

    /// `key` is the setting that it stands in. A name alone belongs to `owner`, if one is given, and only its
    /// repositories do then.
    init(_ text: String, of owner: String? = nil, setting key: String) throws(PublisherError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let whole = parts.count == 1 ? (owner.map { [$0] } ?? []) + parts : parts
        guard whole.count == 2, whole.allSatisfy(Self.isName), !whole[1].hasSuffix(".git") else {
            throw Settings.error(
                key, "'\(key)' names no repository", hint: "write OWNER/NAME, without an address and without .git")
        }
        if let owner, owner.lowercased() != whole[0].lowercased() {
            throw Settings.error(
                key, "'\(key)' names a repository of another owner", hint: "take repositories of \(owner)")
        }
        self.owner = whole[0]
        name = whole[1]
    }

    /// Whether it can be an owner or a repository.
    static func isName(_ text: String) -> Bool {
        !text.isEmpty && text != "." && text != ".."
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || "-._".utf8.contains(byte)
            }
    }
}
