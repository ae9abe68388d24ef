import FoundationEssentials
import HTTP
import JSON
import PublisherPlugin
import ServiceClient

/// GitHub's REST API: github.com, GitHub Enterprise Server, data residency.
struct GitHub: Service {
    let name = "GitHub"
    let credential = "GITHUB_TOKEN"
    let addressVariable = "GITHUB_API_URL"
    let standardAddress = "https://api.github.com"

    /// The oldest version that github.com speaks is the only one that older Enterprise Servers know; nothing that is
    /// used here differs in 2026-03-10.
    static let version = "2022-11-28"

    var headers: [(name: String, value: String)] {
        [("Accept", "application/vnd.github+json"), ("X-GitHub-Api-Version", Self.version)]
    }

    /// As GitHub's "Best practices for using the REST API" asks for, in its order. What is forbidden stays so, however
    /// many requests are left.
    func pause(_ response: HTTPResponse, number: Int, now: Date) -> Duration? {
        guard response.status == 403 || response.status == 429 else { return nil }
        let words = (try? JSONValue(parsing: response.body))?["message"]?.string?.lowercased() ?? ""
        guard response.status == 429 || !wantsSignOn(response) && !words.contains(Self.notAccessible) else {
            return nil
        }
        let reset = response[header: "x-ratelimit-remaining"] == "0" ? "x-ratelimit-reset" : nil
        let isLimit =
            response.status == 429 || response.retryAfter != nil || reset.map { response[header: $0] != nil } ?? false
            || ["rate limit", "abuse"].contains { words.contains($0) }
        return isLimit ? pause(response, number: number, reset: reset, now: now) : nil
    }

    private static let notAccessible = "resource not accessible"

    private func wantsSignOn(_ response: HTTPResponse) -> Bool {
        response[header: "x-github-sso"]?.hasPrefix("required") ?? false
    }

    func explain(_ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError? {
        if refusal.status == 404, refusal.words == nil { return refusal.surprise("not one of its API").error }
        if refusal.status == 403, wantsSignOn(refusal.response) {
            return PublisherError(
                .denied, "GitHub wants single sign-on for the token in \(credential) to \(call.purpose)",
                hint: "authorize it for the organization (Configure SSO, beside the token), or take a GitHub App's",
                field: call.field)
        }
        if refusal.status == 403, refusal.says("\(Self.notAccessible) by integration") {
            let wish = call.permission.map { ", with \($0)" } ?? ""
            return PublisherError(
                .denied, "GitHub does not let the token in \(credential) \(call.purpose) (403)",
                hint:
                    "a workflow's own GITHUB_TOKEN can never write secrets: take an installation token of a GitHub App"
                    + " or a fine-grained personal access token\(wish)", field: call.field)
        }
        if refusal.status == 410 || refusal.status == 400 && refusal.says("version") {
            return PublisherError(
                .configuration, "this GitHub does not speak version \(Self.version) of its API (\(refusal.status))",
                hint: "look for a newer ork", field: "with.url")
        }
        return nil
    }
}
