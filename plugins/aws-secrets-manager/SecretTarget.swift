import AWS
import FoundationEssentials
import JSON
import PublisherKit
import Secrets

/// One secret, and the time that there is for it.
struct SecretTarget: ServiceTarget {
    let settings: SecretSettings
    let client: ServiceClient
    let region: AWSRegion
    let deadline: Date

    private let service = SecretStore()

    /// Fields of one secret are written one after the other: each write makes a version of the whole.
    var place: String { "\(region.name) \(settings.secret)" }

    var claims: [(field: String, thing: String)] {
        [(settings.text.field == nil ? "with.secret" : "with.field", "\(region.name) \(settings.thing)")]
    }

    /// What is there.
    enum Found {
        /// No secret of this name.
        case missing
        /// A secret without a value.
        case empty
        /// What consumers get.
        case current(Version)
    }

    /// One version of a secret.
    struct Version {
        let id: String
        let text: Secret
    }

    /// What AWS shows of a secret besides its values.
    struct State {
        /// The version that stands by to become the current one.
        let pending: String?
        /// The one that was the current one before.
        let previous: String?
        /// Whether AWS replaces the value itself, by a function.
        let isRotatedByAWS: Bool
    }

    /// Reads the current version.
    func read() throws(ServiceError) -> Found {
        do throws(ServiceError) {
            return .current(try value(["SecretId": .string(settings.secret)]))
        } catch {
            guard error.reason == "ResourceNotFoundException" else { throw error }
            // The same name for a secret that is not there and for one that has no value yet.
            return try describe() == nil ? .missing : .empty
        }
    }

    /// Reads one version.
    func read(_ id: String) throws(ServiceError) -> Version {
        try value(["SecretId": .string(settings.secret), "VersionId": .string(id)])
    }

    private func value(_ wish: JSONObject) throws(ServiceError) -> Version {
        let answer = try send("GetSecretValue", wish, to: "read")
        let object = try answer.object()
        guard object["SecretBinary"] == nil || object["SecretString"] != nil else {
            throw ServiceError(
                PublisherError(
                    .configuration, "secret \(settings.secret) is binary, and a key is text",
                    hint: "write to a secret that has a text", field: "with.secret"))
        }
        return Version(id: try object.string("VersionId"), text: Secret(try object.string("SecretString")))
    }

    /// Looks at the secret; `nil` if there is none.
    func describe() throws(ServiceError) -> State? {
        do throws(ServiceError) {
            let answer = try send("DescribeSecret", ["SecretId": .string(settings.secret)], to: "look at").object()
            let stages = answer["VersionIdsToStages"]?.object?.members ?? []
            func holder(_ stage: String) -> String? {
                stages.first { $0.value.array?.contains(.string(stage)) ?? false }?.key
            }
            let pending = holder("AWSPENDING")
            return State(
                pending: pending == holder("AWSCURRENT") ? nil : pending, previous: holder("AWSPREVIOUS"),
                isRotatedByAWS: answer["RotationEnabled"] == true)
        } catch {
            guard error.reason == "ResourceNotFoundException" else { throw error }
            return nil
        }
    }

    /// The ids of all versions that AWS still has, the newest first.
    func versions() throws(ServiceError) -> [String] {
        var versions: [(id: String, madeAt: Double)] = []
        var body: JSONObject = ["SecretId": .string(settings.secret), "IncludeDeprecated": true, "MaxResults": 100]
        // A page may be empty and not the last one (API_ListSecretVersionIds).
        for _ in 1...100 {
            let answer = try send("ListSecretVersionIds", body, to: "list the versions of").object()
            for version in try answer.list("Versions") {
                guard let id = version["VersionId"]?.string else { continue }
                versions.append((id, version["CreatedDate"]?.number?.double ?? 0))
            }
            guard let next = answer["NextToken"]?.string, !next.isEmpty else { break }
            body["NextToken"] = .string(next)
        }
        return versions.sorted { $0.madeAt > $1.madeAt }.map(\.id)
    }

    /// Makes the secret with its first version; `false` if somebody else was faster.
    func create(_ text: Secret, _ version: String, _ making: SecretSettings.Making) throws(ServiceError) -> Bool {
        var body: JSONObject = ["Name": .string(settings.secret), "ClientRequestToken": .string(version)]
        body["SecretString"] = .string(text.revealed() ?? "")
        if let key = making.key { body["KmsKeyId"] = .string(key) }
        if let description = making.description { body["Description"] = .string(description) }
        do throws(ServiceError) {
            _ = try send("CreateSecret", body, to: "make", isWrite: true, secret: text)
            return true
        } catch {
            guard error.reason == "ResourceExistsException", !error.mayHaveTakenEffect else { throw error }
            return false
        }
    }

    /// Adds a version with a label, and returns the labels that it has.
    func put(_ text: Secret, _ version: String, as label: Label) throws(ServiceError) -> Set<String> {
        let answer = try send(
            "PutSecretValue",
            [
                "SecretId": .string(settings.secret), "ClientRequestToken": .string(version),
                "SecretString": .string(text.revealed() ?? ""), "VersionStages": [.string(label.rawValue)],
            ], to: "write", isWrite: true, secret: text)
        return Set((try answer.object()["VersionStages"]?.array ?? []).compactMap(\.string))
    }

    /// The labels that AWS itself gives a meaning to.
    enum Label: String {
        case current = "AWSCURRENT"
        case pending = "AWSPENDING"
    }

    /// Moves a label from one version to another, or only away. AWS refuses if the first does not have it: whoever has
    /// written meanwhile stays. Sent once: a second time it could only be refused.
    func move(_ label: Label, from old: String, to new: String?) throws(ServiceError) {
        var body: JSONObject = [
            "SecretId": .string(settings.secret), "VersionStage": .string(label.rawValue),
            "RemoveFromVersionId": .string(old),
        ]
        if let new { body["MoveToVersionId"] = .string(new) }
        _ = try send("UpdateSecretVersionStage", body, to: "make current", isWrite: true, isIdempotent: false)
    }

    private func send(
        _ operation: String, _ body: JSONObject, to verb: String, isWrite: Bool = false, isIdempotent: Bool = true,
        secret: Secret? = nil
    ) throws(ServiceError) -> ServiceAnswer {
        var call = service.call(
            operation, body, isWrite: isWrite, isIdempotent: isIdempotent, to: "\(verb) \(settings.thing)",
            field: "with.secret")
        call.secret = secret
        return try client.send(call, until: deadline)
    }
}
