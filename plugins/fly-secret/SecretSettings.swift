import PublisherKit
import Secrets

/// A target's `with`, checked.
struct SecretSettings {
    let app: String
    let name: String
    /// How the machines get the secret.
    let redeploy: Redeploy

    static let names = PublisherInformation.Names(
        required: ["app", "name"], optional: Redeploy.settings + [Settings.create, "url", "writes"])

    /// Errors are of code `configuration` and name the field.
    init(_ settings: Settings) throws(PublisherError) {
        app = try settings.required("app", hint: "the app's name, as in fly.toml")
        let isApp = app.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") }
        guard isApp, app.utf8.count <= 63, app.utf8.first != UInt8(ascii: "-") else {
            throw Settings.error("app", "'app' is no name of an app", hint: "write it as in fly.toml: `app = \"shop\"`")
        }
        name = try settings.required("name", hint: "the secret's name, such as OPENROUTER_API_KEY")
        let isName = name.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "_") }
        guard isName, name.utf8.first?.isASCIIDigit == false, name.utf8.count <= 256 else {
            throw Settings.error(
                "name", "'name' is no name of a secret",
                hint: "take letters, digits and underscores, with no digit in front")
        }
        redeploy = try Redeploy(settings) ?? .yes
    }

    /// For people: `OPENROUTER_API_KEY of app shop`.
    var place: String { "\(name) of app \(app)" }
}
