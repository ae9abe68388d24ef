import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets

/// Vercel's REST API, by the types of its published SDK, and by what its own command line and its Terraform provider send.
struct Vercel: Service {
    let name = "Vercel"
    let credential = "VERCEL_TOKEN"
    // No pipeline of Vercel's names it.
    let addressVariable = ""
    let standardAddress = "https://api.vercel.com"
    let headers = [(name: "Accept", value: "application/json")]

    /// `{"error": {"code", "message"}}` ("Vercel REST API errors").
    func words(in body: JSONValue) -> String? { body["error"]?["message"]?.string ?? body["error"]?["code"]?.string }

    func reason(_ refusal: HTTPResponse) -> String? { Self.error(in: refusal)?["code"]?.string }

    /// The end of the window is in `X-RateLimit-Reset`, and in the body as `limit.reset`.
    func pause(_ response: HTTPResponse, number: Int, now: Date) -> Duration? {
        guard response.status == 429 else { return nil }
        let isTold = response.retryAfter != nil || response[header: "x-ratelimit-reset"] != nil
        if !isTold, let reset = Self.error(in: response)?["limit"]?["reset"]?.integer {
            let rest = Double(reset) - (response.date ?? now).timeIntervalSince1970
            return .seconds(Int(min(max(rest.rounded(.up), 1), 86400)))
        }
        return pause(response, number: number, reset: "x-ratelimit-reset", now: now)
    }

    func explain(_ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError? {
        let words = refusal.words.map { ": \($0)" } ?? ""
        switch refusal.status {
        case 403 where Self.error(in: refusal.response)?["invalidToken"] == true:
            return PublisherError(
                .denied, "Vercel does not accept the token in \(credential) (403\(words))",
                hint: "check that it has not expired, and that it was made in the account of this project")
        case 402:
            return PublisherError(
                .denied, "Vercel refuses to \(call.purpose) (402\(words))", hint: "look at the team's plan and billing",
                field: call.field)
        case 404 where refusal.words != nil:
            return PublisherError(
                .notFound, "Vercel finds nothing to \(call.purpose) (404\(words))",
                hint: "check the spelling of project, that team names its team, and that the token may see it",
                field: call.field)
        default: return nil
        }
    }

    private static func error(in response: HTTPResponse) -> JSONValue? {
        (try? JSONValue(parsing: response.body))?["error"]
    }
}

extension ServiceError {
    /// Whether a variable of this name and environment came to be meanwhile.
    var isTaken: Bool {
        status == 409
            || ["ENV_ALREADY_EXISTS", "ENV_CONFLICT", "EXISTING_KEY_AND_TARGET"].contains(reason?.uppercased())
    }
}
