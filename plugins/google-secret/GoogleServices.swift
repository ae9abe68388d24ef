import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets

/// Google Secret Manager, by its discovery document.
struct SecretManager: Service {
    let name = "Google Secret Manager"
    let credential = "GOOGLE_OAUTH_ACCESS_TOKEN"
    // No pipeline of Google's names it.
    let addressVariable = ""
    let standardAddress = "https://secretmanager.googleapis.com/v1"
    let headers = [(name: "Accept", value: "application/json")]

    func words(in body: JSONValue) -> String? { GoogleError(body)?.words }

    func reason(_ refusal: HTTPResponse) -> String? { GoogleError(refusal)?.status }

    func explain(_ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError? {
        guard GoogleError(refusal.response)?.status == "FAILED_PRECONDITION" else { return nil }
        return PublisherError(
            .conflict, "\(name) refuses to \(call.purpose) (\(refusal.status): \(refusal.words ?? ""))",
            hint: "the newest version is disabled or destroyed: enable it, or add one by hand", field: call.field)
    }
}

/// Cloud Run, by the discovery document of its API, version 2.
struct CloudRun: Service {
    let name = "Cloud Run"
    let credential = SecretManager().credential
    let addressVariable = ""
    let standardAddress = "https://run.googleapis.com/v2"
    let headers = [(name: "Accept", value: "application/json")]

    func words(in body: JSONValue) -> String? { GoogleError(body)?.words }

    func reason(_ refusal: HTTPResponse) -> String? { GoogleError(refusal)?.status }
}

/// How Google says no (AIP-193).
private struct GoogleError {
    let words: String?
    let status: String?

    init?(_ body: JSONValue) {
        guard let error = body["error"] else { return nil }
        words = error["message"]?.string ?? error.string
        status = error["status"]?.string
    }

    init?(_ response: HTTPResponse) {
        guard let body = try? JSONValue(parsing: response.body) else { return nil }
        self.init(body)
    }
}
