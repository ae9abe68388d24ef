import JSON
import PublisherPlugin
import ServiceClient

/// What `custom_metadata` says of a field: who wrote it last. It names no value.
struct Mark: Equatable {
    let rotation: String
    let operation: String

    /// The key in `custom_metadata` for a field.
    static func key(_ field: String) -> String { "ork:\(field)" }

    /// Vault takes 512 bytes for a value ("Custom metadata").
    private static let limit = 512

    init(rotation: String, operation: String) {
        self.rotation = rotation
        self.operation = operation
    }

    /// The mark of a field; `nil` if there is none, or none of ours.
    init?(of field: String, in secret: KVSecret) {
        guard let text = secret.customMetadata[Self.key(field)]?.string,
            let object = try? JSONValue(parsing: Array(text.utf8)), let rotation = object["rotation"]?.string
        else { return nil }
        self.init(rotation: rotation, operation: object["operation"]?.string ?? "")
    }

    /// As `custom_metadata` holds it. An operation that is too long is left out.
    var text: String {
        let whole = text(["rotation": .string(rotation), "operation": .string(operation)])
        return whole.utf8.count <= Self.limit ? whole : text(["rotation": .string(rotation)])
    }

    private func text(_ object: JSONValue) -> String { object.text() }

    /// Whether it certainly is of a rotation that began after this one.
    func isLater(than rotation: String) -> Bool {
        guard let ours = RotationTime(rotation), let theirs = RotationTime(self.rotation) else { return false }
        return theirs.isLater(than: ours)
    }
}
