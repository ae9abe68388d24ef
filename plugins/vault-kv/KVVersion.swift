import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium

/// Which API the secrets of a mount have.
enum KVVersion: Int {
    /// One map a secret, overwritten as a whole.
    case one = 1
    /// Versions, conditions for writing, metadata.
    case two = 2
}

/// A mount of one login at one Vault.
struct MountKey: Hashable {
    let client: ObjectIdentifier
    let mount: [String]
}

/// The versions of this process's mounts, asked for once.
typealias MountReader = FetchedOnce<MountKey, KVVersion>

extension KVTarget {
    /// The version of the mount, which nobody has to configure.
    func version() throws(ServiceError) -> KVVersion {
        let key = MountKey(client: ObjectIdentifier(client), mount: settings.mount)
        return try mounts.value(of: key) { () throws(ServiceError) in
            if let version = try versionByMount() { return version }
            return try versionByAsking()
        }
    }

    /// What Vault's own commands ask before they write; whoever may do anything there may know.
    ///
    /// `nil` if it does not tell.
    private func versionByMount() throws(ServiceError) -> KVVersion? {
        let call = call(
            .get, ["sys", "internal", "ui", "mounts"] + settings.mount + settings.path, statuses: [200, 400, 403, 404],
            to: "ask for the mount of")
        let answer = try client.send(call, until: deadline)
        if Vault.isTokenUnknown(answer) { throw client.refusal(answer, to: call) }
        guard answer.status == 200, let mount = try answer.object()["data"]?.object,
            let path = mount["path"]?.string, let type = mount["type"]?.string
        else {
            if answer.says("namespace not found") { throw client.refusal(answer, to: call) }
            return nil
        }
        guard path == settings.mountName + "/" else {
            throw ServiceError(
                Settings.error(
                    "mount", "the mount there is \(DisplayText.line(path)), not \(settings.mountName)/",
                    hint: "write it as it is, and the path below it"))
        }
        // The first version was called generic.
        guard ["kv", "generic"].contains(type) else {
            throw ServiceError(
                Settings.error(
                    "mount", "\(settings.mountName) is a secrets engine of type \(DisplayText.line(type, limit: 40))",
                    hint: "this publisher is for the type kv"))
        }
        return mount["options"]?["version"]?.string == "2" ? .two : .one
    }

    /// Asks by the addresses of both versions: the second one's engine knows those of the first and says so.
    private func versionByAsking() throws(ServiceError) -> KVVersion {
        // These name something else to the second version.
        guard !["data", "metadata", "config", "delete", "undelete", "destroy", "subkeys"].contains(settings.path[0])
        else {
            throw ServiceError(
                Settings.error(
                    "path",
                    "it cannot be told which KV version \(settings.mountName) has, as \(settings.path[0])/ has a"
                        + " meaning of its own in one of them",
                    hint: settings.isDoubled
                        ? "leave data/ out, which Vault adds by itself"
                        : "let the token read sys/internal/ui/mounts/\(settings.mountName)/*"))
        }
        let first = try client.send(
            call(.get, firstPath, statuses: [200, 403, 404], to: "read"), until: deadline)
        if first.status == 200 { return .one }
        if Self.isOfOtherVersion(first) { return .two }
        if first.status == 404, Self.isAbsent(first) { return .one }
        let call = call(.get, secondPath, statuses: [200, 404], to: "read")
        let second = try client.send(call, until: deadline)
        guard second.status == 200 || Self.isAbsent(second) || Self.metadata(second) != nil else {
            throw client.refusal(second, to: call)
        }
        return .two
    }

    /// `{"errors": []}` is Vault's word for a secret that is not there.
    static func isAbsent(_ answer: ServiceAnswer) -> Bool {
        answer.status == 404 && (try? answer.object())?["errors"] == []
    }

    /// `Invalid path for a versioned K/V secrets engine`: an address of the first version at the second one's engine.
    static func isOfOtherVersion(_ answer: ServiceAnswer) -> Bool {
        let warnings = answer.status == 404 ? (try? answer.object())?["warnings"]?.array ?? [] : []
        return warnings.contains { $0.string?.contains("versioned K/V") == true }
    }

    /// What the second version says of a secret, also of one whose data is gone.
    static func metadata(_ answer: ServiceAnswer) -> JSONObject? {
        (try? answer.object())?["data"]?["metadata"]?.object
    }
}

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

    /// What the field holds.
    enum Content: Equatable {
        case nothing
        case value(Secret)
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
        endsAt = fields == nil ? nil : end.map { DisplayText.line($0, limit: 40) }
        standing =
            fields != nil ? .held : metadata["destroyed"] == true ? .destroyed : version > 0 ? .deleted : .absent
    }

    func content(of field: String) -> Content {
        switch fields[field] {
        case nil, .null, .string(""): .nothing
        case .string(let text): .value(Secret(text))
        default: .noText
        }
    }

    /// The key in the field, if it is the one of this digest.
    func key(_ field: String, _ digest: Digest) -> Secret? {
        guard case .value(let value) = content(of: field) else { return nil }
        return digest.key(in: value)
    }
}

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
}
