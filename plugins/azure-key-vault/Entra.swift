import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets

/// The token endpoint of Microsoft Entra ID, version 2.0.
struct Entra: Service {
    let name = "Microsoft Entra ID"
    let credential = "AZURE_CLIENT_SECRET"
    let addressVariable = "AZURE_AUTHORITY_HOST"
    let standardAddress = "https://login.microsoftonline.com"
    let headers = [(name: "Accept", value: "application/json")]
    private let client: Client
    private let isFederated: Bool

    init(client: Client, proof: ClientProof) {
        self.client = client
        isFederated = if case .federated = proof { true } else { false }
    }

    /// The first line of `error_description`: the others name the request.
    func words(in body: JSONValue) -> String? {
        let text = body["error_description"]?.string ?? body["error"]?.string
        let line = text?.split(whereSeparator: \.isNewline).first.map(String.init)
        // What was one line once has them behind it.
        return line?.split(separator: " Trace ID:").first.map(String.init) ?? line
    }

    /// The first of `error_codes`: the number behind AADSTS.
    func reason(_ refusal: HTTPResponse) -> String? {
        let body = try? JSONValue(parsing: refusal.body)
        return body?["error_codes"]?.array?.first?.integer.map { String($0) } ?? body?["error"]?.string
    }

    /// "Microsoft Entra authentication and authorization error codes" names them.
    func explain(_ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError? {
        guard (400..<500).contains(refusal.status), refusal.words != nil else { return nil }
        let words = refusal.words.map { ": \($0)" } ?? ""
        var field = isFederated ? "with.client" : "env.\(credential)"
        let hint: String
        switch reason(refusal.response) {
        case "90002", "900023": (hint, field) = ("check 'tenant' and 'cloud'", "with.tenant")
        case "700016": (hint, field) = ("check 'client', and that it is an application of this tenant", "with.client")
        case "7000215": hint = "give AZURE_CLIENT_SECRET the secret's value, not its id"
        case "7000222": hint = "the secret has expired: make another, or let the pipeline log in by its identity token"
        case "70021", "700211", "700212", "700213":
            hint =
                "look at the application's federated credentials: issuer, subject and audience are compared letter by letter"
        case "700024": hint = "the identity token has expired, or is not yet valid: give the job a fresh one"
        case "700223", "50013", "5000110":
            hint = "give the job an identity token whose issuer's keys Azure can fetch"
        default: hint = "look the code up, and check 'tenant', 'client' and what the login is proved with"
        }
        return PublisherError(
            .denied, "Microsoft Entra ID does not \(call.purpose) (\(refusal.status)\(words))", hint: hint, field: field
        )
    }
}
