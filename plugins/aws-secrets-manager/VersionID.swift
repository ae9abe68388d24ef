import PublisherPlugin
import Sodium

/// The names that ork gives to versions of secrets: AWS takes them as `ClientRequestToken`.
enum VersionID {
    /// What tells ork's own versions from those of others, which have UUIDs.
    private static let mark = "ork-"

    /// The version that an operation makes of another one, `nil` for the first. The same again for the same operation,
    /// so that asking twice makes one; another one when somebody else has written meanwhile, and the text is another.
    ///
    /// An operation is known by rotation, target and the start of the key's digest; nothing of the key itself is in it.
    static func make(_ request: PublisherRequest, of secret: String, field: String?, from base: String?) -> String {
        let parts = [request.rotation, request.operation, secret, field ?? "", base ?? ""]
        // 64 characters, the most that AWS takes.
        return mark + SHA256.hex(parts.joined(separator: "\0").utf8).prefix(60)
    }

    static func isOurs(_ id: String) -> Bool { id.hasPrefix(mark) }
}
