import FoundationEssentials
import HTTP
import JSON
import PublisherPlugin
import Secrets
import ServiceClient

/// GitLab's REST API: gitlab.com, self-managed, Dedicated.
///
/// Its documentation ("REST API authentication") takes personal, project and group access tokens, and OAuth's, as
/// `Authorization: Bearer`.
struct GitLab: Service {
    let name = "GitLab"
    let credential = "GITLAB_TOKEN"
    let addressVariable = "CI_API_V4_URL"
    let standardAddress = "https://gitlab.com/api/v4"
    let headers = [(name: "Accept", value: "application/json")]

    /// Tokens that GitLab lets nowhere near variables, by what is in front of them ("Token prefixes"). An instance may
    /// put its own name before that.
    private static let useless = [
        "glcbt-": "a job's own token (CI_JOB_TOKEN) can never read or write variables",
        "gldt-": "a deploy token cannot be used with GitLab's API",
    ]

    func objection(to token: Secret) -> PublisherError? {
        let text = token.revealed() ?? ""
        guard let reason = Self.useless.first(where: { text.contains($0.key) })?.value else { return nil }
        return PublisherError(
            .denied, "\(credential): \(reason)",
            hint: "make a project or group access token with the scope api: Maintainer for a project's variables, Owner"
                + " for a group's; an administrator's personal token for the instance's", field: "env.\(credential)")
    }

    /// The end of the window is in `RateLimit-Reset` ("User and IP rate limits"); GitLab's windows take a minute.
    func pause(_ response: HTTPResponse, number: Int, now: Date) -> Duration? {
        response.status == 429 ? pause(response, number: number, reset: "ratelimit-reset", now: now) : nil
    }

    func explain(_ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError? {
        switch refusal.status {
        case 300..<400: return moved(refusal, call)
        case 403 where (try? refusal.object())?["error"] == "insufficient_scope":
            return PublisherError(
                .denied, "the token in \(credential) may not \(call.purpose): it lacks the scope api",
                hint: "make one with the scope api; read_api is not enough", field: call.field)
        case 404 where refusal.words == nil || (try? refusal.object())?["error"] == "404 Not Found":
            return PublisherError(
                .configuration, "there is no GitLab API at this address (404)", hint: Self.addressHint,
                field: "with.url")
        case 404:
            return PublisherError(
                .notFound, "GitLab finds nothing to \(call.purpose) (\(refusal.words ?? ""))",
                hint: "look whether the path is right; GitLab says the same of what the token may not see",
                field: call.field)
        case 405 where refusal.says("moved projects"): return moved(refusal, call)
        case 409 where refusal.says("filter[environment_scope]"):
            return PublisherError(
                .configuration, "this GitLab cannot tell variables of one key apart by their environment scope",
                hint: "it can since 13.4, for groups since 16.9; leave one variable of this key, or update GitLab",
                field: "with.environment_scope")
        case 400 where refusal.says("value is invalid"):
            return PublisherError(
                .configuration, "GitLab refuses to \(call.purpose): it could not mask this value (400)",
                hint: "a masked value has at least 8 characters and no blanks, and if it is not raw, only letters,"
                    + " digits and _+=/@:.~-", field: "with.masked")
        default: return nil
        }
    }

    static let addressHint = "the address of the API ends in /api/v4, as https://gitlab.example/api/v4"

    /// A project that got another path answers GET with a redirect to its number (lib/api/helpers.rb).
    private func moved(_ refusal: ServiceAnswer, _ call: ServiceCall) -> PublisherError {
        let location = refusal.response[header: "location"] ?? ""
        guard refusal.status == 405 || location.contains("/api/v4/") else {
            return PublisherError(
                .configuration, "GitLab answers with a redirect to \(call.purpose) (\(refusal.status))",
                hint: Self.addressHint, field: "with.url")
        }
        let number = location.split(separator: "/").drop { $0 != "projects" }.dropFirst().first.flatMap { Int($0) }
        return PublisherError(
            .notFound, "the project got another path; GitLab does not \(call.purpose) by the old one",
            hint: number.map { "write its new path, or its number, which stays: \($0)" }
                ?? "write its new path, or its number, which stays", field: call.field)
    }
}
