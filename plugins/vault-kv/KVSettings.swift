import JSON
import PublisherKit
import Secrets

/// A target's `with`, checked: which field of which secret.
struct KVSettings {
    /// Where the secrets engine is mounted, as segments.
    let mount: [String]
    /// The secret's path below it, without `data/`.
    let path: [String]
    /// The name in the secret's map.
    let field: String
    let namespace: String?

    static let names = PublisherInformation.Names(
        required: ["path", "field"],
        optional: [
            "mount", Settings.create, "namespace", "url", "auth", "auth_mount", "role", "role_id", "audience",
            "id_token", "writes",
        ])

    /// Errors are of code `configuration` and name the field. `environment` may have the namespace.
    init(_ settings: Settings, environment: [String: String]) throws(PublisherError) {
        mount = try Self.segments(settings, "mount") ?? ["secret"]
        guard let path = try Self.segments(settings, "path") else {
            throw Settings.error("path", "'path' is missing", hint: "name the secret, as acme/web")
        }
        self.path = path
        field = try Self.field(settings)
        namespace = try Self.namespace(settings, environment)
    }

    var mountName: String { mount.joined(separator: "/") }
    var pathName: String { path.joined(separator: "/") }

    /// The field for people: `OPENROUTER_API_KEY of secret/acme/web`.
    var name: String { "\(field) of \(mountName)/\(pathName)\(namespace.map { " in the namespace \($0)" } ?? "")" }

    /// Whether the path has in front what Vault puts there by itself for KV version 2.
    var isDoubled: Bool { path.first == "data" && path.count > 1 }

    /// A path as Vault's own commands take it, with or without a slash at its ends.
    static func segments(_ settings: Settings, _ key: String) throws(PublisherError) -> [String]? {
        guard var text = try settings.text(key)?[...] else { return nil }
        if text.hasPrefix("/") { text.removeFirst() }
        if text.hasSuffix("/") { text.removeLast() }
        let segments = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let isPath = segments.allSatisfy { segment in
            !segment.isEmpty && segment != "." && segment != ".."
                && segment.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        }
        guard isPath, text.utf8.count <= 512 else {
            throw Settings.error(key, "'\(key)' is no path", hint: "write it as acme/web, without the address of Vault")
        }
        return segments
    }

    /// Short enough for the name of its mark (`custom_metadata`: 128 bytes).
    private static func field(_ settings: Settings) throws(PublisherError) -> String {
        let field = try settings.required("field", hint: "name the field, as OPENROUTER_API_KEY")
        guard field.utf8.count <= 120,
            field.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else {
            throw Settings.error("field", "'field' is no name of a field", hint: "take 120 bytes at most, on one line")
        }
        return field
    }

    private static func namespace(
        _ settings: Settings, _ environment: [String: String]
    ) throws(PublisherError) -> String? {
        if let segments = try segments(settings, "namespace") { return segments.joined(separator: "/") }
        guard let text = environment["VAULT_NAMESPACE"], !text.isEmpty else { return nil }
        do throws(PublisherError) {
            return try segments(Settings(["namespace": .string(text)]), "namespace")?.joined(separator: "/")
        } catch {
            throw PublisherError(
                .configuration, "the variable VAULT_NAMESPACE is no path", hint: error.hint,
                field: "env.VAULT_NAMESPACE")
        }
    }
}

/// How the publisher proves who it is.
enum Login {
    /// A token that it was given.
    case token
    /// "AppRole auth method".
    case appRole(roleID: String, secretID: Secret?)
    /// "JWT/OIDC auth method", with a CI system's token for its job.
    case jwt(role: String?, IdentityToken)

    /// The words of the setting `auth`.
    private enum Method: String, CaseIterable {
        case token
        case appRole = "approle"
        case jwt
    }

    /// Which settings go with which method.
    private static let settings: [(key: String, methods: Set<Method>)] = [
        ("auth_mount", [.appRole, .jwt]), ("role", [.jwt]), ("role_id", [.appRole]), ("audience", [.jwt]),
        ("id_token", [.jwt]),
    ]

    /// Errors are of code `configuration` and name the field.
    init(_ settings: Settings, environment: [String: String]) throws(PublisherError) {
        let method = try settings.choice("auth", Method.self) ?? .token
        for (key, methods) in Self.settings where settings.has(key) && !methods.contains(method) {
            let words = methods.map(\.rawValue).sorted().joined(separator: " or ")
            throw Settings.error(key, "'\(key)' goes with 'auth: \(words)'", hint: "set 'auth', or leave '\(key)' out")
        }
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        switch method {
        case .token: self = .token
        case .appRole:
            guard let roleID = try settings.text("role_id") ?? variable("VAULT_ROLE_ID") else {
                throw Settings.error(
                    "role_id", "nothing says which AppRole it is", hint: "set 'role_id', or VAULT_ROLE_ID in the env")
            }
            self = .appRole(roleID: roleID, secretID: variable("VAULT_SECRET_ID").map { Secret($0) })
        case .jwt:
            self = .jwt(role: try settings.text("role"), try IdentityToken(settings, environment: environment))
        }
    }

    /// For people, in `log in by …`.
    var name: String {
        switch self {
        case .token: "token"
        case .appRole: "AppRole"
        case .jwt: "JWT"
        }
    }

    /// Where its auth method is mounted if nothing else is said.
    var standardMount: String {
        switch self {
        case .token: "token"
        case .appRole: "approle"
        case .jwt: "jwt"
        }
    }

    /// What tells two logins of one process apart; secrets come from the environment, which is the same for both.
    var details: [String] {
        switch self {
        case .token: ["token"]
        case .appRole(let roleID, _): ["approle", roleID]
        case .jwt(let role, let identity): ["jwt", role ?? ""] + identity.details
        }
    }
}
