import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets

/// The REST API of Azure Key Vault for secrets, version 7.4 of its published specification.
struct KeyVault: Service {
    let name = "Azure Key Vault"
    let credential = "AZURE_ACCESS_TOKEN"
    // No pipeline names it.
    let addressVariable = ""
    let standardAddress = "https://NAME.vault.azure.net"
    let headers = [(name: "Accept", value: "application/json")]
    /// The oldest one that all clouds and the clients of today speak.
    static let version = "7.4"
    private let cloud: AzureCloud
    /// The token for people: whose it is, or how it was come by.
    private let token: String
    /// Whose directory it comes from, where that is known.
    private let tenant: String?
    /// Where to look if the vault does not take it.
    private let field: String

    init(of cloud: AzureCloud, by login: EntraLogin.Proof?) {
        self.cloud = cloud
        token = login?.title ?? ""
        tenant = login?.tenant
        field = login?.field ?? ""
    }

    /// `{"error": {"code", "message", "innererror": {"code"}}}` (`KeyVaultError`).
    func words(in body: JSONValue) -> String? { body["error"]?["message"]?.string ?? body["error"]?["code"]?.string }

    func reason(_ refusal: HTTPResponse) -> String? {
        let error = (try? JSONValue(parsing: refusal.body))?["error"]
        return error?["innererror"]?["code"]?.string ?? error?["code"]?.string
    }

    /// Who gets no time from it is to wait 1, 2, 4 … seconds ("Azure Key Vault throttling guidance").
    func pause(_ response: HTTPResponse, number: Int, now: Date) -> Duration? {
        guard response.status == 429 else { return nil }
        return response.retryAfter.map { max($0, .seconds(1)) } ?? .seconds(1 << min(number - 1, 6))
    }

    func explain(_ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError? {
        let words = refusal.words.map { ": \($0)" } ?? ""
        switch refusal.status {
        case 401: return unauthorized(refusal, words)
        case 403: return forbidden(refusal, call, words)
        case 404 where refusal.words == nil:
            return PublisherError(
                .configuration, "what answers there is no vault (404)",
                hint: "check the spelling of 'vault', and whether a proxy answers in its place", field: "with.vault")
        case 409: return conflict(refusal, call, words)
        default: return nil
        }
    }

    /// A vault says whom it trusts: `Bearer authorization="https://login…/TENANT", resource="https://vault.azure.net"`.
    private func unauthorized(_ refusal: ServiceAnswer, _ words: String) -> PublisherError {
        let challenge = VaultChallenge(refusal.response[header: "www-authenticate"])
        var hint =
            "check that it has not expired, and that it is a token for \(cloud.scope.dropLast("/.default".count))"
        if let resource = challenge.resource, resource != cloud.suffix {
            hint =
                "the vault wants tokens for https://\(resource), which is none of this cloud's: look at 'vault' and 'cloud'"
        } else if let theirs = challenge.tenant, tenant == nil {
            hint += ", from tenant \(theirs), which the vault trusts"
        } else if let theirs = challenge.tenant, theirs != tenant?.lowercased() {
            hint = "the vault trusts tenant \(theirs): set 'tenant' to it"
        }
        return PublisherError(
            .denied, "Azure Key Vault does not accept \(token) (401\(words))", hint: hint, field: field)
    }

    /// `innererror` tells which of a vault's four doors is shut ("Azure Key Vault REST API error codes").
    private func forbidden(_ refusal: ServiceAnswer, _ call: ServiceCall, _ words: String) -> PublisherError? {
        let hint: String
        switch reason(refusal.response) {
        case "ForbiddenByRbac":
            hint =
                "the vault goes by roles: assign Key Vault Secrets Officer on this secret to the login's principal; a new"
                + " assignment may take ten minutes"
        case "AccessDenied":
            hint =
                "the vault goes by access policies: give the login's principal one with the secret permissions"
                + " \(call.permission ?? "Get and Set")"
        case "ForbiddenByFirewall", "ForbiddenByConnection":
            return PublisherError(
                .denied, "the vault's network rules do not let this machine in (403\(words))",
                hint: "run this stage in a network that the vault allows, or allow this one", field: "with.vault")
        case "ForbiddenByPolicy":
            return PublisherError(
                .denied, "a policy of Azure's keeps \(token) from \(call.purpose) (403\(words))",
                hint: "one that asks for an expiration date is met with 'expires'", field: call.field)
        default: return nil
        }
        return PublisherError(
            .denied, "\(token) may not \(call.purpose) (403\(words))", hint: hint, field: call.field)
    }

    private func conflict(_ refusal: ServiceAnswer, _ call: ServiceCall, _ words: String) -> PublisherError? {
        switch reason(refusal.response) {
        case "ObjectIsDeletedButRecoverable": Self.deleted(call.purpose)
        case "ObjectIsBeingRecovered", "ObjectIsBeingDeleted":
            PublisherError(
                .unavailable, "Azure Key Vault cannot \(call.purpose) now (409\(words))",
                hint: "wait a minute, and run the step again", field: call.field)
        default: nil
        }
    }

    /// A secret that somebody has deleted: its name stays taken until it is purged ("Soft-delete overview").
    static func deleted(_ purpose: String) -> PublisherError {
        PublisherError(
            .notFound, "the secret is deleted and can be recovered: Azure Key Vault does not \(purpose)",
            hint: "az keyvault secret recover brings it back with its versions; or write to another", field: "with.name"
        )
    }
}

/// What a vault says of the tokens that it takes, for messages alone: it decides nothing.
private struct VaultChallenge {
    let tenant: String?
    let resource: String?

    init(_ header: String?) {
        var values: [String: String] = [:]
        for item in (header ?? "").split(separator: ",") {
            let parts = item.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let name = parts[0].split(separator: " ").last else { continue }
            values[name.lowercased()] = parts[1].filter { $0 != "\"" && $0 != " " }
        }
        let authority = values["authorization"] ?? values["authorization_uri"]
        tenant = Self.plain(authority?.split(separator: "/").dropFirst(2).first.map(String.init))
        let url = (values["resource"] ?? values["scope"]).flatMap { try? HTTPURL($0) }
        resource = Self.plain(url?.host)
    }

    private static func plain(_ text: String?) -> String? {
        guard let text, (1...64).contains(text.utf8.count),
            text.utf8.allSatisfy({ $0.isASCIIAlphanumeric || "-.".utf8.contains($0) })
        else { return nil }
        return text.lowercased()
    }
}
