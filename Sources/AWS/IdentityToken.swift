import FoundationEssentials
import HTTP
import JSON
import PublisherPlugin
import Secrets
import ServiceClient

/// The token with which a CI system says whose job this is, and where it comes from.
enum IdentityToken {
    /// A file, read each time: whoever put it there renews it.
    case file(String)
    /// A variable, as GitLab's `id_tokens` sets it.
    case variable(Secret)
    /// GitHub's endpoint, which makes one for an audience ("OpenID Connect reference").
    case gitHub(url: HTTPURL, bearer: Secret, audience: String)

    /// What the variables have; `nil` if they have none.
    init?(_ environment: [String: String], audience: String?) throws(PublisherError) {
        let request = (url: "ACTIONS_ID_TOKEN_REQUEST_URL", bearer: "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
        if let path = environment.value("AWS_WEB_IDENTITY_TOKEN_FILE") {
            self = .file(path)
        } else if let token = environment.value("AWS_WEB_IDENTITY_TOKEN") {
            self = .variable(Secret(token))
        } else if let text = environment.value(request.url), let bearer = environment.value(request.bearer) {
            guard let url = try? HTTPURL(text) else {
                throw PublisherError(
                    .configuration, "the variable \(request.url) cannot be dialled",
                    hint: "GitHub sets it in jobs with the permission id-token: write", field: "env.\(request.url)")
            }
            // What aws-actions/configure-aws-credentials asks for, and AWS's documentation sets up.
            self = .gitHub(url: url, bearer: Secret(bearer), audience: audience ?? "sts.amazonaws.com")
        } else {
            return nil
        }
    }

    /// The token.
    func get(_ fetcher: Fetcher, until deadline: Date) throws(ServiceError) -> Secret {
        switch self {
        case .file(let path): return try Self.read(path, named: "AWS_WEB_IDENTITY_TOKEN_FILE")
        case .variable(let token): return token
        case .gitHub(let url, let bearer, let audience):
            let field = "env.ACTIONS_ID_TOKEN_REQUEST_URL"
            let response = try fetcher.send(
                HTTPRequest(.get, url.appending("", query: [("audience", audience)]), bearer: bearer),
                for: "GitHub's identity token", field: field, until: deadline)
            let body = try? JSONValue(parsing: response.body)
            guard response.status == 200, let token = body?["value"]?.string, !token.isEmpty else {
                throw ServiceError(
                    PublisherError(
                        .denied, "GitHub hands out no identity token (\(response.status))",
                        hint: "give the job the permission id-token: write", field: field))
            }
            return Secret(token)
        }
    }

    /// What is known before asking for it.
    var secrets: [Secret] {
        switch self {
        case .file: []
        case .variable(let token): [token]
        case .gitHub(_, let bearer, _): [bearer]
        }
    }

    /// A token in a file of some kilobytes, without the line end that may follow it.
    static func read(_ path: String, named variable: String) throws(ServiceError) -> Secret {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let size = attributes?[.size] as? Int ?? 0
        let text = size <= 1 << 16 ? FileManager.default.contents(atPath: path) : nil
        let bytes = text.map { $0.filter { $0 != 0x0A && $0 != 0x0D } } ?? Data()
        guard !bytes.isEmpty else {
            throw ServiceError(
                PublisherError(
                    .configuration, "the file in \(variable) has no token that can be read",
                    hint: "look whether it is there, and whether this job may read it", field: "env.\(variable)"))
        }
        return Secret(bytes)
    }
}
