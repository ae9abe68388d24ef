import AWS
import PublisherKit
import Secrets
import Sodium

/// A target's `with`, checked.
struct SecretSettings {
    /// The secret's name or ARN.
    let secret: String
    /// What of it is the key.
    let text: KeyText
    let stage: Stage
    /// How a secret that is missing is made; `nil`: it is not.
    let making: Making?
    /// The region in the ARN.
    let region: AWSRegion?

    /// How a value takes the place of another.
    enum Stage: String, CaseIterable {
        /// It is put beside, read back, and then made the current one, if nobody else has written meanwhile.
        case pending
        /// It is the current one at once.
        case direct
    }

    struct Making {
        /// The account's standard key without one.
        let key: String?
        let description: String?
    }

    static let names = PublisherInformation.Names(
        required: ["secret"],
        optional: ["field", "stage", Settings.create, "kms_key_id", "description"] + AWSClients.settings)

    /// Errors are of code `configuration` and name the field.
    /// `isMade`: somebody has said that what is missing is to be made.
    init(_ settings: Settings, isMade: Bool) throws(PublisherError) {
        secret = try settings.required("secret", hint: "name the secret, as prod/web, or write its ARN")
        let parts = secret.split(separator: ":", omittingEmptySubsequences: false)
        let isARN = parts.first == "arn"
        region = isARN && parts.count > 3 ? AWSRegion(String(parts[3])) : nil
        guard isARN ? parts.count == 7 && parts[2] == "secretsmanager" && region != nil : Self.isName(secret) else {
            throw Settings.error(
                "secret", "'secret' is neither a name nor an ARN of a secret",
                hint: "a name has letters, digits and /_+=.@-, 512 of them at most")
        }
        text = try KeyText(settings)
        stage = try settings.choice("stage", Stage.self) ?? .pending
        guard text.field == nil || stage == .pending else {
            throw Settings.error(
                "stage",
                "a field cannot be written directly: what others write to its siblings meanwhile would be lost",
                hint: "leave 'stage' out")
        }
        let key = try settings.text("kms_key_id")
        let description = try settings.text("description")
        if isMade {
            guard !isARN else {
                throw Settings.error(
                    "secret", "a secret that is made has a name, not yet an ARN", hint: "write its name")
            }
            making = Making(key: key, description: description)
        } else {
            for (name, value) in [("kms_key_id", key), ("description", description)] where value != nil {
                throw Settings.error(
                    name, "'\(name)' is for a secret that is made", hint: "add 'create: true', or leave it out")
            }
            making = nil
        }
    }

    /// The target for people.
    var thing: String { text.field.map { "\($0) of secret \(secret)" } ?? "secret \(secret)" }

    /// API_CreateSecret: the characters and the length of `Name`.
    private static func isName(_ text: String) -> Bool {
        (1...512).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                $0.isASCIIAlphanumeric
                    || "/_+=.@-".utf8.contains($0)
            }
    }
}

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
