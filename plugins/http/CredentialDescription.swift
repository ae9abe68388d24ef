import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets

/// Who the requests come from, and which variable has the secret of it.
struct CredentialDescription: Hashable, Sendable {
    private enum Form: Hashable {
        case bearer
        /// `Authorization` with another scheme.
        case scheme(String)
        case field(String)
        case basic(user: String)
    }

    private let form: Form
    /// The environment variable.
    let variable: String

    /// Reads `token: VARIABLE`, `header: {NAME: VARIABLE}`, where `SCHEME VARIABLE` may be the value for Authorization, or
    /// `basic: {user: NAME, password: VARIABLE}`.
    init(_ description: JSONObject) throws(PublisherError) {
        let named = ["token", "header", "basic"].filter { description[$0] != nil }
        guard named.count == 1, let name = named.first, let value = description[name] else {
            throw Settings.error(
                named.first ?? "token", named.isEmpty ? "'token' is missing" : "there is more than one credential",
                hint: "name the variable that has the credential: token: VARIABLE for a bearer, header: {X-Api-Key:"
                    + " VARIABLE}, or basic: {user: NAME, password: VARIABLE}")
        }
        switch name {
        case "token":
            form = .bearer
            variable = try Self.variable(value.string, name)
        case "basic":
            let fields = try DescriptionFields(value, name, knowing: ["user", "password"])
            let user = try fields.text("user") ?? ""
            guard !user.contains(":") else { throw fields.error("user", isNo: "a name with a colon") }
            form = .basic(user: user)
            variable = try Self.variable(fields.text("password"), "basic.password")
        default:
            guard let member = value.object?.members.first, value.object?.keys.count == 1 else {
                throw Settings.error(name, "'header' is not one name and one variable")
            }
            let words = (member.value.string ?? "").split(separator: " ").map(String.init)
            let isAuthorization = member.key.lowercased() == "authorization"
            guard words.count == 1 || words.count == 2 && isAuthorization else {
                throw Settings.error(
                    name, "'header' does not name a variable",
                    hint: "write header: {X-Api-Key: VARIABLE}, or header: {Authorization: SCHEME VARIABLE}")
            }
            form = words.count == 2 ? .scheme(words[0]) : .field(member.key)
            variable = try Self.variable(words.last, name)
        }
    }

    /// The credential, from the process's own environment.
    func credentials(
        of title: String, in environment: [String: String]
    ) throws(PublisherError) -> any ServiceCredentials {
        guard let text = environment[variable], !text.isEmpty else {
            throw PublisherError(
                .configuration, "the environment variable \(variable) is empty",
                hint: "give this stage a token for \(title), and name the variable in the target's env: [\(variable)]",
                field: "env.\(variable)")
        }
        let secret = Secret(text)
        switch form {
        case .bearer: return StaticCredential(.bearer(secret), hiding: [secret])
        case .scheme(let scheme): return StaticCredential(.scheme(scheme, secret), hiding: [secret])
        case .field(let name): return StaticCredential(.field(name, secret), hiding: [secret])
        case .basic(let user):
            let pair = Secret(Data("\(user):\(text)".utf8).base64EncodedString())
            return StaticCredential(.scheme("Basic", pair), hiding: [secret, pair])
        }
    }

    private static func variable(_ text: String?, _ field: String) throws(PublisherError) -> String {
        let isName = text?.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "_") } ?? false
        guard let text, isName, text.utf8.first.map({ !$0.isASCIIDigit }) == true else {
            throw Settings.error(
                field, "'\(field)' is not the name of an environment variable",
                hint: "the credential itself never stands in ork.yaml; name the variable that has it")
        }
        return text
    }
}

/// One credential for the whole process.
private struct StaticCredential: ServiceCredentials {
    let secrets: [Secret]
    private let authorization: HTTPAuthorization

    init(_ authorization: HTTPAuthorization, hiding secrets: [Secret]) {
        self.authorization = authorization
        self.secrets = secrets
    }

    func authorization(until deadline: Date) -> HTTPAuthorization? { authorization }
}
