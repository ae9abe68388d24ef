import JSON
import Secrets
import ServiceClient
import Sodium

/// A secret as Vault shows it.
struct KVSecret {
    /// What became of its newest version.
    enum Standing: Equatable {
        /// There never was one.
        case absent
        case held
        /// It can be brought back by hand.
        case deleted
        case destroyed
    }

    /// What the field holds. The value itself is kept as a digest only.
    enum Content: Equatable {
        case nothing
        case value(Digest)
        /// A number, a list or the like.
        case noText
    }

    let standing: Standing
    /// The whole map, with the siblings of the field.
    let fields: JSONObject
    /// Counts from 1; 0 where there is none, and in KV version 1.
    let version: Int
    /// Name and value, for anybody's use.
    let customMetadata: JSONObject
    /// When Vault deletes this version by itself (`delete_version_after`).
    let endsAt: String?

    static let absent = KVSecret(fields: nil, metadata: [:])

    /// `fields` is `nil` where there is no data.
    init(fields: JSONObject?, metadata: JSONObject) {
        self.fields = fields ?? [:]
        version = metadata["version"]?.integer ?? 0
        customMetadata = metadata["custom_metadata"]?.object ?? [:]
        let end = metadata["deletion_time"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        endsAt = fields == nil ? nil : end.map { ForeignText.line($0, limit: 40) }
        standing =
            fields != nil ? .held : metadata["destroyed"] == true ? .destroyed : version > 0 ? .deleted : .absent
    }

    func content(of field: String) -> Content {
        switch fields[field] {
        case nil, .null, .string(""): .nothing
        case .string(let text): .value(Digest(of: Secret(text)))
        default: .noText
        }
    }
}
