import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Timestamps

/// The name that Key Vault gives to a version: it leads nowhere but into its segment of an address.
struct VersionID: Hashable, CustomStringConvertible {
    let description: String

    /// `nil` for what no name of a version looks like.
    init?(_ text: String?) {
        guard let text, (1...64).contains(text.utf8.count), text.utf8.allSatisfy({ $0.isASCIIAlphanumeric }) else {
            return nil
        }
        description = text
    }

    /// The one at the end of a secret's address, `https://VAULT/secrets/NAME/VERSION`; `nil` where it is another secret's.
    init?(address: String?, of name: String) {
        let parts = (address ?? "").split(separator: "/").map(String.init)
        guard parts.count == 5, parts[2] == "secrets", parts[3].lowercased() == name.lowercased() else { return nil }
        self.init(parts[4])
    }
}

/// One version of a secret, with all that a new version has to be told of it: Key Vault takes nothing over by itself.
struct SecretVersion {
    let id: VersionID
    let value: Secret
    let contentType: String?
    let tags: JSONObject?
    /// How many seconds it was made for; `nil` for one without an end.
    let lifetime: Int?
    /// The service's clock when it was read, in seconds.
    let readAt: Int

    /// Throws where it is none by the published specification (`SecretBundle`), and where it is not for people to write.
    init(_ answer: ServiceAnswer, of settings: SecretSettings, now: Date) throws(ServiceError) {
        let object = try answer.object()
        guard let id = VersionID(address: try object.string("id"), of: settings.name) else {
            throw answer.surprise("about another secret")
        }
        self.id = id
        guard object["managed"] != true, object["kid"] == nil else {
            throw ServiceError(
                PublisherError(
                    .configuration, "\(settings.thing) belongs to a certificate, which Key Vault renews by itself",
                    hint: "write to a secret of its own", field: "with.name"))
        }
        value = Secret(try object.string("value"))
        contentType = try object.optional("contentType", \.string, "a text")
        tags = try object.optional("tags", \.object, "an object")
        guard tags?.members.allSatisfy({ $0.value.string != nil }) ?? true else {
            throw answer.surprise("without tags that are texts")
        }
        let attributes = try object.optional("attributes", \.object, "an object")
        let beginning = attributes?["nbf"]?.integer ?? attributes?["created"]?.integer
        let end = attributes?["exp"]?.integer
        // Moments beyond the year 9999 are none.
        let moments = 0...253_402_300_799
        if let end {
            guard let beginning, moments.contains(beginning), moments.contains(end) else {
                throw answer.surprise("without the moments of its attributes")
            }
            lifetime = max(1, end - beginning)
        } else {
            lifetime = nil
        }
        readAt = Int((answer.response.date ?? now).timeIntervalSince1970)
    }
}

extension SecretSettings {
    /// What is sent to make a version in the place of `base`: its content type and its tags as they are. `nbf` is not
    /// taken over, as a key holds at once, and an end is counted anew.
    func body(_ value: String, over base: SecretVersion?, now: Date) -> JSONObject {
        var body: JSONObject = ["value": .string(value)]
        if let type = base?.contentType { body["contentType"] = .string(type) }
        if let tags = base?.tags, !tags.members.isEmpty { body["tags"] = .object(tags) }
        if let lifetime = lifetime(over: base) {
            let beginning = base?.readAt ?? Int(now.timeIntervalSince1970)
            body["attributes"] = ["exp": .number(JSONNumber(beginning + lifetime))]
        }
        return body
    }

    /// How many seconds a new version is for; `nil` for one without an end.
    func lifetime(over base: SecretVersion?) -> Int? {
        switch expiry {
        case .asBefore: base?.lifetime
        case .after(let interval): interval.seconds
        case .never: nil
        }
    }
}
