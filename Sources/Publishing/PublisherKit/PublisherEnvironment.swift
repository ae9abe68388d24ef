/// What the environment of a publisher, or of a probe, is made of.
package struct PublisherEnvironment: Sendable {
    /// Handed on where they are set: how to find programs and files, how to reach the network, whom to trust, and
    /// which GitHub, GitLab, Vault, Kubernetes or region of AWS the pipeline has, so that no token is sent to another one.
    /// Never a credential, nor what one could be had with.
    package static let inherited: Set<String> = [
        "PATH", "HOME", "LANG", "TMPDIR",
        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
        "GITHUB_API_URL", "CI_API_V4_URL", "VAULT_ADDR", "VAULT_NAMESPACE", "VAULT_CACERT", "AWS_REGION",
        "AWS_DEFAULT_REGION", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT",
    ]

    private let ours: [String: String]

    /// `ours` is the environment of the step.
    package init(_ ours: [String: String]) { self.ours = ours }

    /// The inherited variables and those of `mapping`, which has names of the child and the names that they have here.
    ///
    /// Refuses the names that ork keeps for itself, on either side, and variables that are not set.
    package func child(_ mapping: [String: String] = [:]) throws(PublisherError) -> [String: String] {
        var result = ours.filter { Self.inherited.contains($0.key) }
        for (name, source) in mapping.sorted(by: { $0.key < $1.key }) {
            for name in [name, source] { try Self.check(name) }
            guard let value = ours[source] else {
                throw PublisherError(
                    .configuration, "the environment variable \(source) is not set",
                    hint: "set it for this step, or take it out of the target's env", field: "env.\(name)")
            }
            result[name] = value
        }
        return result
    }

    private static func check(_ name: String) throws(PublisherError) {
        let isName = name.utf8.enumerated().allSatisfy { index, byte in
            (65...90).contains(byte & 0xDF) && byte < 128 || byte == 95 || index > 0 && (48...57).contains(byte)
        }
        guard isName, !name.isEmpty else {
            throw PublisherError(
                .configuration, "the target's env has something that is not a variable's name", field: "env")
        }
        guard !["ORK_", "OPENROUTER_"].contains(where: { name.uppercased().hasPrefix($0) }) else {
            throw PublisherError(
                .configuration, "\(name) is ork's own and is not handed to publishers",
                hint: "the secret comes in the request; give anything else another name", field: "env.\(name)")
        }
    }
}

extension PublisherAddress {
    /// The names that the publisher's process may find set, for `PublisherInformation.validate`.
    package var environmentNames: Set<String> { PublisherEnvironment.inherited.union(environment.keys) }
}
