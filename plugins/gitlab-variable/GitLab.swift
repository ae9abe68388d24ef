import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium

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
                hint: "check whether the path is right; GitLab says the same of what the token may not see",
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

/// What GitLab says of the token itself: a personal, project or group access token may always ask (lib/api/
/// personal_access_tokens/self_information.rb), whatever its scopes.
struct TokenFacts {
    /// `nil` where the scopes do not tell, as for OAuth's tokens and those with permissions of their own.
    let mayWrite: Bool?
    /// The day on which it ends, as `2027-01-31`.
    let expiresAt: String?

    init(_ answer: ServiceAnswer) {
        let object = answer.status == 200 ? try? answer.object() : nil
        let scopes = object?["scopes"]?.array?.compactMap(\.string) ?? []
        mayWrite = scopes.contains("api") ? true : scopes.contains("read_api") ? false : nil
        expiresAt = object?["expires_at"]?.string.map { DisplayText.line($0, limit: 30) }
    }
}

/// The facts of this process's token, at each address.
typealias TokenReader = FetchedOnce<HTTPURL, TokenFacts>

extension TokenReader {
    func facts(_ client: ServiceClient, until deadline: Date) throws(ServiceError) -> TokenFacts {
        try value(of: client.address) { () throws(ServiceError) in
            TokenFacts(
                try client.send(
                    ServiceCall(
                        .get, ["personal_access_tokens", "self"], statuses: [200, 400, 401, 403, 404],
                        to: "read the scopes of the token"), until: deadline))
        }
    }
}

/// A variable as GitLab shows it (lib/api/entities/ci/variable.rb).
struct Variable {
    /// What it holds, as far as GitLab lets it be seen.
    enum Content: Equatable {
        case nothing
        /// Something that GitLab shows to nobody.
        case hidden
        case value(Secret)
    }

    let content: Content
    /// As the answer has it; `scopeName` is for people.
    let environmentScope: String
    /// What can be wished for, by GitLab's names.
    private let flags: [String: String]

    init(_ object: AnswerObject) throws(ServiceError) {
        if object["value"] == .null, object["hidden"] == true {
            content = .hidden
        } else {
            let value = Secret(object["value"] == .null ? "" : try object.string("value"))
            content = value.count == 0 ? .nothing : .value(value)
        }
        // The instance has no environments.
        environmentScope = object["environment_scope"]?.string ?? "*"
        // What an older GitLab does not show, it does not do.
        var flags = ["hidden": "\(content == .hidden)"]
        for name in ["masked", "raw", "protected"] { flags[name] = "\(object[name] == true)" }
        flags["variable_type"] = object["variable_type"]?.string.map { DisplayText.line($0, limit: 20) }
        self.flags = flags
    }

    var isHidden: Bool { content == .hidden }

    /// Whether GitLab shows that it holds the key of this digest.
    func holds(_ digest: Digest) -> Bool {
        guard case .value(let value) = content else { return false }
        return Digest(of: value) == digest
    }

    var scopeName: String { DisplayText.line(environmentScope) }

    /// What differs from these wishes, for people.
    func differences(from wishes: [(name: String, value: String)]) -> String? {
        let differences = wishes.compactMap { name, wish -> String? in
            guard let held = flags[name], held != wish else { return nil }
            return "\(name) is \(held), not \(wish)"
        }
        return differences.isEmpty ? nil : differences.joined(separator: ", ")
    }
}
