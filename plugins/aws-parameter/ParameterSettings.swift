import AWS
import PublisherKit
import Secrets

/// A target's `with`, checked.
struct ParameterSettings {
    /// The parameter's name, as `/prod/web/OPENROUTER_API_KEY`.
    let name: String
    /// What of it is the key.
    let text: KeyText
    /// How a parameter that is missing is made; `nil`: it is not.
    let making: Making?

    struct Making {
        /// The account's standard key without one.
        let key: String?
        let tier: Tier
        let description: String?
    }

    enum Tier: String, CaseIterable {
        case standard = "Standard"
        case advanced = "Advanced"
        case intelligent = "Intelligent-Tiering"
    }

    static let names = PublisherInformation.Names(
        required: ["name"],
        optional: ["field", Settings.create, "kms_key_id", "tier", "description"] + AWSClients.settings)

    /// Errors are of code `configuration` and name the field.
    /// `isMade`: somebody has said that what is missing is to be made.
    init(_ settings: Settings, isMade: Bool) throws(PublisherError) {
        name = try settings.required("name", hint: "name the parameter, as /prod/web/OPENROUTER_API_KEY")
        // PutParameter's documentation: with a slash in it, it is a path and begins with one.
        let isName = name.utf8.allSatisfy {
            $0.isASCIIAlphanumeric || "/_.-".utf8.contains($0)
        }
        guard isName, name.utf8.count <= 1011, !name.contains("/") || name.hasPrefix("/") && !name.hasSuffix("/") else {
            throw Settings.error(
                "name", "'name' is no parameter's name",
                hint: "take letters, digits and _.-, and slashes before each part; an ARN cannot be written to")
        }
        text = try KeyText(settings)
        let key = try settings.text("kms_key_id")
        let tier = try settings.choice("tier", Tier.self)
        let description = try settings.text("description")
        if isMade {
            making = Making(key: key, tier: tier ?? .standard, description: description)
        } else {
            for (name, isSet) in [
                ("kms_key_id", key != nil), ("tier", tier != nil), ("description", description != nil),
            ] where isSet {
                throw Settings.error(
                    name, "'\(name)' is for a parameter that is made", hint: "add 'create: true', or leave it out")
            }
            making = nil
        }
    }

    /// The target for people.
    var thing: String { text.field.map { "\($0) of parameter \(name)" } ?? "parameter \(name)" }
}
