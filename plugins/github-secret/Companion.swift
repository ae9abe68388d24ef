import FoundationEssentials
import JSON
import Secrets
import Timestamps

/// What a variable beside the secret says of it, since the secret itself cannot be read. All of it may be public.
struct Companion: Equatable {
    /// Which secret, as `actions/OPENROUTER_API_KEY`.
    let secret: String
    /// Of the value that it holds.
    let digest: Digest
    /// The rotation that wrote it.
    let rotation: String
    /// When it was written, as GitHub says: any later time is another write.
    let updatedAt: Date

    /// What the secret of these settings is called in its variable.
    static func secret(_ settings: SecretSettings) -> String { "\(settings.scope.store.rawValue)/\(settings.name)" }
}

extension Companion {
    /// The value of the variable; `nil` for anything that is not one of ours.
    init?(parsing value: String) {
        guard let object = try? JSONValue(parsing: Array(value.utf8)),
            let secret = object["secret"]?.string, Self.isSecret(secret),
            let digest = object["digest"]?.string.flatMap({ Digest($0) }), let rotation = object["rotation"]?.string,
            Self.isRotation(rotation),
            let updatedAt = object["updated_at"]?.string.flatMap(Date.init(rfc3339:))
        else { return nil }
        self.init(secret: secret, digest: digest, rotation: rotation, updatedAt: updatedAt)
    }

    /// `STORE/NAME`, as `secret(_:)` writes it.
    private static func isSecret(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, SecretStore(rawValue: parts[0]) != nil,
            let name = try? SecretName(parts[1], setting: "name")
        else { return false }
        return name.description == parts[1]
    }

    /// A word without anything that a message could stumble over; those of ork are ULIDs.
    private static func isRotation(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || "-_.".utf8.contains(byte)
            }
    }

    var value: String {
        let object: JSONValue = [
            "secret": .string(secret), "digest": .string("\(digest)"), "rotation": .string(rotation),
            "updated_at": .string(updatedAt.rfc3339),
        ]
        return object.text()
    }
}
