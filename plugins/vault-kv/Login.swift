import JSON
import PublisherPlugin
import Secrets

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
