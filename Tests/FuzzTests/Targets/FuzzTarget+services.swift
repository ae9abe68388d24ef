import AWS
import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium
import TestSupport

@testable import ork_publisher_aws_parameter
@testable import ork_publisher_aws_secrets_manager
@testable import ork_publisher_azure_key_vault
@testable import ork_publisher_fly_secret
@testable import ork_publisher_github_secret
@testable import ork_publisher_gitlab_variable
@testable import ork_publisher_google_secret
@testable import ork_publisher_kubernetes_secret
@testable import ork_publisher_vault_kv
@testable import ork_publisher_vercel

extension FuzzTarget {
    /// The publishers of services. The first part of an input is the verb, and `with` of the request; the others are what the
    /// service answers.
    static let services: [FuzzTarget] = [
        service("github-secret", ["\"key_id\":", "\"key\":\"", "\"updated_at\":\"", "x-ratelimit-reset: "]) {
            GitHubSecretPublisher(
                ServiceClients(
                    GitHub(),
                    environment: ["GITHUB_TOKEN": "ghp_\(token)", "GITHUB_API_URL": "https://github.example"],
                    transport: $0, clock: $1))
        },
        service(
            "gitlab-variable", ["\"variable_type\":", "\"masked\":", "\"environment_scope\":\"*\"", "x-next-page: 2"]
        ) {
            GitLabVariablePublisher(
                ServiceClients(
                    GitLab(),
                    environment: ["GITLAB_TOKEN": "glpat-\(token)", "CI_API_V4_URL": "https://gitlab.example/api/v4"],
                    transport: $0, clock: $1))
        },
        service(
            "vault-kv",
            ["\"data\":{\"data\":{", "\"version\":", "\"cas_required\":", "\"lease_duration\":", "\"auth\":{"]
        ) {
            VaultKVPublisher(
                ServiceClients(
                    Vault(),
                    environment: [
                        "VAULT_ADDR": "https://vault.example", "VAULT_TOKEN": "hvs.\(token)", "VAULT_ROLE_ID": "r",
                        "VAULT_SECRET_ID": token,
                    ], transport: $0, clock: $1), publicTransport: $0)
        },
        service(
            "aws-secrets-manager", ["\"VersionIdsToStages\":{", "\"SecretString\":\"", "\"__type\":\"", "AWSCURRENT"]
        ) {
            AWSSecretPublisher(AWSClients(SecretStore(), environment: awsEnvironment, transport: $0, clock: $1))
        },
        service("aws-parameter", ["\"Parameter\":{", "\"Value\":\"", "\"Version\":", "\"__type\":\"", "\"Labels\":["]) {
            AWSParameterPublisher(AWSClients(ParameterStore(), environment: awsEnvironment, transport: $0, clock: $1))
        },
        service(
            "kubernetes-secret",
            ["\"resourceVersion\":", "\"metadata\":{", "\"replicas\":", "\"conditions\":[", "409\n\n"]
        ) {
            let transport = $0
            let sources = ClusterSources(environment: ["KUBE_TOKEN": token], serviceAccount: "/nowhere")
            return KubernetesSecretPublisher(Clusters(sources, clock: $1) { _ in transport })
        },
        service(
            "azure-key-vault",
            [
                "\"id\":\"https://v.vault.azure.net/secrets/KEY/0a\"", "\"attributes\":{\"exp\":", "\"tags\":{",
                "\"innererror\":{\"code\":\"SecretNotFound\"}", "\"access_token\":\"a\",\"expires_in\":60",
            ]
        ) {
            AzureKeyVaultPublisher(
                ServiceClients(
                    KeyVault(of: .standard, by: nil),
                    environment: [
                        "AZURE_CLIENT_SECRET": token, "AZURE_CLIENT_ID": "c", "AZURE_TENANT_ID": "t",
                    ], transport: $0, clock: $1))
        },
        service(
            "vercel",
            [
                "\"envs\":[{", "\"decrypted\":true", "\"targets\":{\"production\":{", "\"readyState\":\"READY\"",
                "\"next\":",
            ]
        ) {
            VercelPublisher(
                ServiceClients(Vercel(), environment: ["VERCEL_TOKEN": token], transport: $0, clock: $1))
        },
        service(
            "fly-secret",
            [
                "{\"secrets\":[{\"name\":\"KEY\",\"digest\":\"ab\"}]}",
                "{\"name\":\"KEY\",\"digest\":\"ab\",\"version\":7}",
                "[{\"id\":\"m1\",\"version\":\"v1\",\"state\":\"started\",\"config\":{}}]", "\"nonce\":\"n\"",
                "\"checks\":[{",
                "\"state\":\"stopped\"",
            ]
        ) {
            FlySecretPublisher(ServiceClients(Fly(), environment: ["FLY_API_TOKEN": token], transport: $0, clock: $1))
        },
        service(
            "google-secret",
            [
                "\"name\":\"projects/1/secrets/k/versions/2\"", "\"payload\":{\"data\":\"YQ==\"}",
                "\"createTime\":\"2026-01-01T00:00:00Z\"",
                "\"etag\":\"e\",\"template\":{\"containers\":[{\"env\":[{\"valueSource\":{",
                "\"latestReadyRevision\":\"w-1\"", "\"trafficStatuses\":[{\"percent\":100,\"revision\":\"w-1\"}]",
                "\"reconciling\":true",
            ]
        ) {
            GoogleSecretPublisher(
                ServiceClients(
                    SecretManager(), environment: ["GOOGLE_OAUTH_ACCESS_TOKEN": token], transport: $0, clock: $1))
        },
    ]

    /// The middle of each service's credential.
    private static let token = "q7RkZ0aXw3LmT9vBn2YcJ5sHd8FgKe4PuiQo"

    private static let awsEnvironment = [
        "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": token,
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r", "AWS_WEB_IDENTITY_TOKEN": "a.b.\(token)",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/credentials",
    ]

    private static func service(
        _ name: String, _ words: [String], _ make: @escaping @Sendable (Transcript, FakeClock) -> any Publisher
    ) -> FuzzTarget {
        FuzzTarget(
            name: name, words: words + ["200\n\n", "\n===\n200\n\n", "\n===\n404\n\n", "lost", "retry-after: 9\n"]
        ) {
            try ServiceExchange($0, make).hold()
        }
    }

    /// Finds the keys, and the credentials of the services.
    static let serviceSecrets = Redactor(
        [SampleKeys.predecessor, SampleKeys.successor, SampleKeys.foreign, Secret(token)])
    /// Finds the credentials of the services alone.
    static let serviceCredentials = Redactor(only: Secret(token))
    /// Finds what `PublisherSession` takes care of: the key that a request brings, and whatever looks like one.
    static let sentKeys = Redactor([SampleKeys.successor])
}

/// One request to a publisher, and all that its service says.
private struct ServiceExchange {
    private let verb: Verb
    private let with: JSONObject
    private let transport: Transcript
    private let publisher: any Publisher
    private let clock = FakeClock(Date(timeIntervalSince1970: 1_795_500_000))
    private let start: Date
    /// How long the host waits, in seconds.
    private static let patience = 120.0

    init(_ input: [UInt8], _ make: (Transcript, FakeClock) -> any Publisher) {
        let parts = input.parts
        let (line, rest) = parts[0].firstLine
        verb = Verb(rawValue: line) ?? .verify
        with = (try? JSONValue(parsing: rest, numbers: .integers))?.object ?? [:]
        transport = Transcript(parts.dropFirst().map(Transcript.Answer.init))
        publisher = make(transport, clock)
        start = clock.now
    }

    func hold() throws {
        // Settings hold no secrets: they stand in messages and addresses.
        guard !FuzzTarget.serviceSecrets.contains(JSONValue.object(with).bytes()) else { return }
        var request = PublisherRequest(
            verb, with, rotation: "01JDB00000AAAAAAAAAAAAAAAA", deadline: start + Self.patience)
        if verb == .rollback { request.secret = SampleKeys.successor }
        let answer = publisher.answer(verb, request)
        let line = answer.line(id: "1")
        // The texts of an answer that holds a key are dropped before it is given out.
        try require(
            FuzzTarget.sentKeys.contains(line) || !FuzzTarget.serviceCredentials.contains(line),
            "an answer holds a credential: \(answer)")
        try transport.requireEnd()
        try require(clock.now <= start + Self.patience, "nobody waits longer than the deadline")
        let writes = transport.requests.filter {
            [.put, .patch, .delete].contains($0.method) && !$0.url.description.contains("dryRun=All")
        }
        try require(verb.isWrite || writes.isEmpty, "\(verb) writes nothing")
        for request in transport.requests {
            try require(!FuzzTarget.serviceSecrets.contains(request.url.description.utf8), "an address holds a secret")
            for (name, value) in request.headers {
                try require(!FuzzTarget.serviceSecrets.contains(value.utf8), "the field \(name) holds a secret")
            }
        }
        if case .committed = answer.outcome {
            try require(transport.requests.contains { $0.method != .get }, "what is committed was written")
        }
    }
}
