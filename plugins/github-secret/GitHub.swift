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

    /// As GitHub's "Best practices for using the REST API" asks for, in its order.
    func pause(_ response: HTTPResponse, number: Int, now: Date) -> Duration? {
        guard response.status == 403 || response.status == 429 else { return nil }
        if let wish = response.retryAfter { return max(wish, .seconds(1)) }
        if response[header: "x-ratelimit-remaining"] == "0",
            let reset = response[header: "x-ratelimit-reset"].flatMap({ Int($0) })
        {
            // By the sender's clock, and no longer than a day: the limits are by the hour.
            let rest = Double(reset) - (response.date ?? now).timeIntervalSince1970
            return .seconds(Int(min(max(rest.rounded(.up), 1), 86400)))
        }
        let words = (try? JSONValue(parsing: response.body))?["message"]?.string?.lowercased() ?? ""
        let isLimit = ["rate limit", "abuse"].contains { words.contains($0) }
        guard isLimit || response.status == 429 else { return nil }
        return .seconds(60 << min(number - 1, 6))
    }

    func explain(_ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError? {
        let words = refusal.words?.lowercased() ?? ""
        if refusal.status == 403, let wish = refusal.response[header: "x-github-sso"], wish.hasPrefix("required") {
            return PublisherError(
                .denied, "GitHub wants single sign-on for the token in \(credential) to \(call.purpose)",
                hint: "authorize it for the organization (Configure SSO, beside the token), or take a GitHub App's",
                field: call.field)
        }
        if refusal.status == 403, words.contains("not accessible by integration") {
            let wish = call.permission.map { ", with \($0)" } ?? ""
            return PublisherError(
                .denied, "GitHub does not let the token in \(credential) \(call.purpose) (403)",
                hint:
                    "a workflow's own GITHUB_TOKEN can never write secrets: take an installation token of a GitHub App"
                    + " or a fine-grained personal access token\(wish)", field: call.field)
        }
        if refusal.status == 410 || refusal.status == 400 && words.contains("version") {
            return PublisherError(
                .configuration, "this GitHub does not speak version \(Self.version) of its API (\(refusal.status))",
                hint: "look for a newer ork", field: "with.url")
        }
        return nil
    }
}
