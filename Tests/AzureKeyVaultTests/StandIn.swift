import FoundationEssentials
import HTTP
import JSON
import Secrets
import TestSupport

/// A vault of Azure's with its secrets, and the login of its tenant, as far as Azure's own clients tell.
struct StandIn: ServiceSandbox {
    struct Version {
        let id: String
        let value: String
        var contentType: String?
        var tags: JSONObject?
        var enabled = true
        var nbf: Int?
        var exp: Int?
        let created: Int
        /// Whether it belongs to a certificate.
        var isManaged = false
    }

    /// How the vault decides who may do what.
    enum Model { case roles, policies }

    let vault = "acme-prod"
    let tenant = "0f1e2d3c-0000-4444-8888-aabbccddeeff"
    let clientID = "11111111-2222-3333-4444-555555555555"
    let clientSecret = "azure_client_secret_0123456789"
    /// What the application trusts as a token of the pipeline's.
    let identity = "eyJhbGciOiJSUzI1NiJ9.identity.of-the-job"
    let runnerToken = "runner_token_0123456789abcdef"
    /// What lets an app in where its identity's tokens are.
    let identityHeader = "identity_header_0123456789"
    /// The identity that somebody has assigned to the machine, beside its own.
    let assigned = "99999999-8888-7777-6666-555555555555"
    /// Whether the machine has one of its own.
    var hasIdentity = true
    /// What its endpoints were asked: address, and the fields that count.
    var identityRequests: [String] = []
    /// The cloud's own words.
    var resource = "https://vault.azure.net"
    var secrets: [String: [Version]] = [:]
    var deleted: [String: [Version]] = [:]
    /// By the token: when it ends, and the scope that it is for.
    var tokens: [String: (end: Date, scope: String)] = [:]
    var lifetime = 3600
    var model = Model.roles
    var allowed: Set<String> = ["get", "set", "list"]
    /// Another reason to shut everybody out.
    var shut: String?
    var pageSize = 25
    /// Whether Entra ID knows the application, and what it is asked for.
    var loginError: (code: Int, text: String)?
    var audiences: [String] = []
    private var count = 0

    mutating func number() -> Int {
        count += 1
        return count
    }

    @discardableResult
    mutating func add(
        _ name: String, _ value: String, contentType: String? = nil, tags: JSONObject? = nil, nbf: Int? = nil,
        exp: Int? = nil, at now: Date
    ) -> String {
        let number = number()
        let id = String(repeating: "0", count: 32 - String(number).count) + String(number)
        secrets[name, default: []].append(
            Version(
                id: id, value: value, contentType: contentType, tags: tags, nbf: nbf, exp: exp,
                created: Int(now.timeIntervalSince1970)))
        return id
    }

    /// What consumers get.
    func current(_ name: String) -> Version? { secrets[name]?.last }

    mutating func change(_ name: String, _ body: (inout Version) -> Void) {
        guard let last = secrets[name]?.indices.last else { return }
        body(&secrets[name, default: []][last])
    }

    /// Puts a secret where only `recover` and `purge` find it.
    mutating func delete(_ name: String) {
        deleted[name] = secrets[name]
        secrets[name] = nil
    }
}
