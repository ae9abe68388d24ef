import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets

/// The HTTP API of HashiCorp Vault and of OpenBao, which is the same as far as this publisher goes.
///
/// Both take their tokens as `Authorization: Bearer` too ("HTTP API: Authentication").
struct Vault: Service {
    let name = "Vault"
    let credential = "VAULT_TOKEN"
    let addressVariable = "VAULT_ADDR"
    let standardAddress = "https://vault.example:8200"
    /// The token for people: whose it is, or how it was come by.
    let token: String
    let headers: [(name: String, value: String)]

    init(namespace: String? = nil, token: String = "the token in VAULT_TOKEN") {
        self.token = token
        // Whoever is tricked into a request elsewhere does not send the first one, and a listener may insist on it
        // ("The X-Vault-Request header").
        headers =
            [(name: "X-Vault-Request", value: "true")]
            + (namespace.map { [(name: "X-Vault-Namespace", value: $0)] } ?? [])
    }

    /// The texts in `errors`; those of a plugin stand in a list of their own: `1 error occurred:\n\t* permission denied`.
    func words(in body: JSONValue) -> String? {
        let lines = body["errors"]?.array?.compactMap(\.string).flatMap { $0.split(separator: "\n") } ?? []
        let words = lines.map { $0.drop { " \t*".contains($0) } }.filter {
            !$0.isEmpty && !$0.hasSuffix("error occurred:") && !$0.hasSuffix("errors occurred:")
        }
        return words.isEmpty ? nil : words.joined(separator: "; ")
    }

    /// Rate limits (429) say when to come back only if an operator wants that ("Rate limit quotas"); their usual
    /// intervals are seconds.
    func pause(_ response: HTTPResponse, number: Int, now: Date) -> Duration? {
        guard response.status == 429, !Self.isHealth(response) else { return nil }
        return response.retryAfter.map { max($0, .seconds(1)) } ?? .seconds(5 << min(number - 1, 6))
    }

    /// A node that lags behind what has made the token (412) has heard of it soon ("Vault eventual consistency").
    var passingStatuses: Set<Int> { [412] }

    func explain(_ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError? {
        switch refusal.status {
        case 300..<400: return redirect(refusal, call)
        case 403 where Self.isTokenUnknown(refusal):
            return PublisherError(
                .denied, "Vault does not accept \(token) (403: permission denied)",
                hint: "check whether it has expired or was revoked, and whether it is of this address and namespace",
                field: token.hasSuffix(credential) ? "env.\(credential)" : nil)
        case 403:
            let words = refusal.words.map { ": \($0)" } ?? ""
            return PublisherError(
                .denied, "\(token) may not \(call.purpose) (403\(words))",
                hint: "its policy needs \(call.permission ?? "the right to do this");"
                    + " Vault says the same where nothing is mounted", field: call.field)
        case 404 where refusal.says("namespace not found"):
            return PublisherError(
                .notFound, "Vault has no such namespace (404)", hint: "write its whole path, as admin/team",
                field: "with.namespace")
        case 404 where refusal.says("no handler for route"):
            return PublisherError(
                .notFound, "nothing is mounted where Vault was asked to \(call.purpose) (404)",
                hint:
                    "look at the mount and the namespace: 'vault secrets list' and 'vault auth list' show what there is",
                field: call.field)
        case 404 where refusal.words == nil && (try? refusal.object()) == nil:
            return PublisherError(
                .configuration, "there is no Vault at this address (404)",
                hint: "write the address of the server alone, as \(standardAddress)", field: "with.url")
        default: return unavailable(refusal)
        }
    }

    /// States in which a server does no work ("/sys/health" lists the statuses; 472 and 473 are its own).
    private func unavailable(_ refusal: ServiceAnswer) -> PublisherError? {
        let standby = "take the address that always leads to the active node, and run the step again"
        switch refusal.status {
        case 429: return PublisherError(.unavailable, "the Vault at this address is a standby (429)", hint: standby)
        case 412:
            return PublisherError(
                .unavailable, "the Vault at this address lags behind its cluster (412)", hint: standby)
        case 472:
            return PublisherError(
                .unavailable, "the Vault at this address is a secondary for disaster recovery (472)",
                hint: "take the address of the primary, and run the step again")
        case 473:
            return PublisherError(
                .unavailable, "the Vault at this address is a standby for reading (473)", hint: standby)
        case 400... where refusal.says("sealed"):
            return PublisherError(
                .unavailable, "Vault is sealed (\(refusal.status))", hint: "unseal it, and run the step again")
        case 400... where refusal.says("not initialized"):
            return PublisherError(
                .unavailable, "Vault is not initialised (\(refusal.status))",
                hint: "check whether this is the right server, and run the step again")
        case 400... where refusal.says("upgrading from non-versioned"):
            return PublisherError(
                .unavailable, "the secrets engine is being upgraded to KV version 2 (\(refusal.status))",
                hint: "wait a moment, and run the step again")
        case 500... where refusal.says("standby") || refusal.says("active cluster node not found"):
            return PublisherError(
                .unavailable, "the Vault at this address is a standby that knows no active node (\(refusal.status))",
                hint: "look at the cluster, and run the step again")
        default: return nil
        }
    }

    /// A standby that cannot forward sends its clients to the active node ("High availability: Request forwarding").
    private func redirect(_ refusal: ServiceAnswer, _ call: ServiceCall) -> PublisherError {
        let place = refusal.response[header: "location"].flatMap { try? HTTPURL($0).host }
        let node = place.map { " (\(DisplayText.line($0, limit: 100)))" } ?? ""
        return PublisherError(
            .unavailable, "Vault answers with a redirect\(node) to \(call.purpose) (\(refusal.status))",
            hint: "a standby sends its clients to the active node; take an address that always leads to that one",
            field: "with.url")
    }

    /// Whether it is the token itself that is refused. A policy's refusal comes from within, as `1 error occurred: …`;
    /// Vault 1.16 and newer add `invalid token` (http/handler.go, vault/request_handling.go).
    static func isTokenUnknown(_ answer: ServiceAnswer) -> Bool {
        guard answer.status == 403, let errors = (try? answer.object())?["errors"]?.array else { return false }
        return errors == ["permission denied"] || answer.says("invalid token")
    }

    /// An answer of `/sys/health`, which a load balancer may pass on.
    private static func isHealth(_ response: HTTPResponse) -> Bool {
        (try? JSONValue(parsing: response.body))?["standby"]?.bool != nil
    }
}
