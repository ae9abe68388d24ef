import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium

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
                    "a workflow's own token can never write secrets: take an installation token of a GitHub App"
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

/// What a secret is sealed to before it is sent.
struct PublicKey {
    let id: String
    private let bytes: [UInt8]

    init(_ answer: ServiceAnswer) throws(ServiceError) {
        let object = try answer.object()
        id = try object.string("key_id")
        guard let data = Data(base64Encoded: try object.string("key")), data.count == 32 else {
            throw answer.surprise("without a key of 32 bytes")
        }
        bytes = Array(data)
    }

    /// The sealed box of the secret, in base64; `nil` if the key is none (libsodium refuses points of small order).
    func seal(_ secret: Secret) -> String? {
        (try? BoxKeyPair.seal(secret, to: bytes)).map { Data($0).base64EncodedString() }
    }
}

/// The public keys of this process, by the address of the API and the path of the secrets.
typealias PublicKeys = FetchedOnce<[String], PublicKey>

/// A repository, `OWNER/NAME`.
struct RepositoryName: Hashable, CustomStringConvertible {
    let owner: String
    let name: String

    var description: String { "\(owner)/\(name)" }
    var path: [String] { ["repos", owner, name] }

    /// `key` is the setting that it stands in. A name alone belongs to `owner`, if one is given, and only its
    /// repositories do then.
    init(_ text: String, of owner: String? = nil, setting key: String) throws(PublisherError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let whole = parts.count == 1 ? (owner.map { [$0] } ?? []) + parts : parts
        guard whole.count == 2, whole.allSatisfy(Self.isName), !whole[1].hasSuffix(".git") else {
            throw Settings.error(
                key, "'\(key)' names no repository", hint: "write OWNER/NAME, without an address and without .git")
        }
        if let owner, owner.lowercased() != whole[0].lowercased() {
            throw Settings.error(
                key, "'\(key)' names a repository of another owner", hint: "take repositories of \(owner)")
        }
        self.owner = whole[0]
        name = whole[1]
    }

    /// Whether it can be an owner or a repository.
    static func isName(_ text: String) -> Bool {
        !text.isEmpty && text != "." && text != ".."
            && text.utf8.allSatisfy { byte in
                byte.isASCIIAlphanumeric
                    || "-._".utf8.contains(byte)
            }
    }
}

/// The name of a secret or a variable. GitHub does not tell cases apart and keeps upper ones, as this type does.
struct SecretName: Hashable, CustomStringConvertible {
    let description: String

    /// By the rules of GitHub's "Using secrets in GitHub Actions"; `key` is the setting that it stands in.
    init(_ text: String, setting key: String) throws(PublisherError) {
        let isName = text.utf8.enumerated().allSatisfy { index, byte in
            byte.isASCIILetter || byte == 95 || index > 0 && byte.isASCIIDigit
        }
        guard isName, !text.isEmpty else {
            throw Settings.error(
                key, "'\(key)' is not a name that GitHub takes",
                hint: "use letters, digits and underscores, and no digit first")
        }
        description = text.uppercased()
        guard !description.hasPrefix("GITHUB_") else {
            throw Settings.error(key, "'\(key)' begins with GITHUB_, which GitHub keeps for itself")
        }
    }
}
