import FoundationEssentials
import PublisherPlugin
import Secrets
import ServiceClient

/// The token with which a CI system says whose job this is, and where it comes from.
enum IdentityToken {
    /// A file, read each time: whoever put it there renews it.
    case file(String)
    /// A variable, as GitLab's `id_tokens` sets it.
    case variable(Secret)
    case gitHub(GitHubIdentity, audience: String)

    /// What the variables have; `nil` if they have none.
    init?(_ environment: [String: String], audience: String?) throws(PublisherError) {
        if let path = environment.value("AWS_WEB_IDENTITY_TOKEN_FILE") {
            self = .file(path)
        } else if let token = environment.value("AWS_WEB_IDENTITY_TOKEN") {
            self = .variable(Secret(token))
        } else if let identity = try GitHubIdentity(environment) {
            // What aws-actions/configure-aws-credentials asks for, and AWS's documentation sets up.
            self = .gitHub(identity, audience: audience ?? "sts.amazonaws.com")
        } else {
            return nil
        }
    }

    /// The token.
    func get(_ fetcher: Fetcher, until deadline: Date) throws(ServiceError) -> Secret {
        switch self {
        case .file(let path): return try Self.read(path, named: "AWS_WEB_IDENTITY_TOKEN_FILE")
        case .variable(let token): return token
        case .gitHub(let identity, let audience):
            return try identity.token(for: audience, fetcher.transport, clock: fetcher.clock, until: deadline)
        }
    }

    /// What is known before asking for it.
    var secrets: [Secret] {
        switch self {
        case .file: []
        case .variable(let token): [token]
        case .gitHub(let identity, _): [identity.bearer]
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
