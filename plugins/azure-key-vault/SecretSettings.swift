import HTTP
import PublisherKit
import Secrets
import Timestamps

/// A target's `with`, checked.
struct SecretSettings {
    let address: HTTPURL
    let cloud: AzureCloud
    /// The secret's name.
    let name: String
    let expiry: Expiry

    /// When what is written ends.
    enum Expiry: Equatable {
        /// As long after the write as the version before it was made for; never, where that has no end.
        case asBefore
        case after(Interval)
        case never
    }

    static let names = PublisherInformation.Names(
        required: ["vault", "name"],
        optional: ["cloud", "expires", Settings.create, "url", "writes"] + EntraLogin.settings)

    /// Errors are of code `configuration` and name the field.
    init(_ settings: Settings) throws(PublisherError) {
        let vault = try VaultAddress(settings)
        (address, cloud) = (vault.url, vault.cloud)
        name = try settings.required("name", hint: "the name of the secret")
        // The pattern of `secret-name` in the published specification, and the length in "Object names".
        guard (1...127).contains(name.utf8.count),
            name.utf8.allSatisfy({ $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") })
        else {
            throw Settings.error(
                "name", "'name' is no name of a secret",
                hint: "it has letters, digits and hyphens, 127 of them at most: OPENROUTER-API-KEY")
        }
        switch try settings.text("expires") {
        case nil: expiry = .asBefore
        case "never": expiry = .never
        case let text?:
            guard let interval = Interval(text), interval > .zero else {
                throw Settings.error(
                    "expires", "'expires' is neither a time nor never", hint: "write it as 90d, or leave it out")
            }
            expiry = .after(interval)
        }
    }

    /// The target for people.
    var thing: String { "secret \(name)" }
}
