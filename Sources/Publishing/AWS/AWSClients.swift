package import HTTP
package import PublisherKit
package import Timestamps

/// The clients of one process for one service of AWS. Targets that have region, address and credentials in common share
/// one.
package final class AWSClients: Sendable {
    private let service: any AWSService
    private let clients: ServiceClients

    var transport: any HTTPTransport { clients.transport }
    var clock: any WallClock { clients.clock }
    let environment: [String: String]

    /// The settings that all targets at AWS have.
    package static let settings = ["region", "credentials", "role", "audience", "url", "writes"]

    /// The variables that are read, if the target's `env` names them.
    package static let environment = [
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
        "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_WEB_IDENTITY_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS",
    ]

    /// The variables that are read wherever the pipeline has them.
    package static let inherited = ["AWS_REGION", "AWS_DEFAULT_REGION"]

    /// `transport` must send a request once.
    package init(
        _ service: any AWSService, environment: [String: String], transport: any HTTPTransport,
        clock: any WallClock = SystemClock()
    ) {
        self.service = service
        self.environment = environment
        clients = ServiceClients(service, environment: environment, transport: transport, clock: clock)
    }

    /// The client for a target's settings. `implied` is the region that the target's own name has in it.
    package func client(
        for settings: Settings, implied: AWSRegion? = nil
    ) throws(PublisherError) -> (client: ServiceClient, region: AWSRegion) {
        let region = try region(settings, implied)
        let address = try AWSEndpoint.address(
            settings, variables: [service.addressVariable, "AWS_ENDPOINT_URL"],
            otherwise: region.address(of: service.prefix), environment)
        let keys = ["credentials", "role", "audience"]
        var details = [region.name]
        for key in keys { details.append(try settings.text(key) ?? "") }
        let client = try clients.client(for: settings, at: address, apart: details) { writes throws(PublisherError) in
            let source = try source(settings, region)
            let login = AWSLogin(source, region: region, service: service.prefix, clock: clients.clock)
            return ServiceClient(
                service, at: address, credentials: login, writes: writes, transport: clients.transport,
                clock: clients.clock)
        }
        return (client, region)
    }

    private func region(_ settings: Settings, _ implied: AWSRegion?) throws(PublisherError) -> AWSRegion {
        let variable = ["AWS_REGION", "AWS_DEFAULT_REGION"].first { environment.value($0) != nil }
        let setting = try settings.text("region")
        if let implied {
            guard setting ?? implied.name == implied.name else {
                throw Settings.error(
                    "region", "'region' is another one than that of the ARN", hint: "leave 'region' out")
            }
            return implied
        }
        guard let text = setting ?? variable.flatMap(environment.value) else {
            throw Settings.error(
                "region", "nothing says which region it is in",
                hint: "set 'region', as eu-central-1, or the environment variable AWS_REGION")
        }
        guard let region = AWSRegion(text) else {
            throw PublisherError(
                .configuration, "'region' is no region's name", hint: "write it as eu-central-1",
                field: setting == nil ? variable.map { "env.\($0)" } : "with.region")
        }
        return region
    }
}

extension AWSClients {
    /// The kinds of credentials that a target may ask for.
    private enum Kind: String, CaseIterable {
        case environment
        case webIdentity = "web_identity"
        case container
        case instance
    }

    /// Where a target's credentials come from: what it asks for, else the first that the variables have, in the order of
    /// AWS's SDKs. The instance's role has no variable and is used only by wish, so that nobody publishes with rights
    /// that he did not know of.
    func source(_ settings: Settings, _ region: AWSRegion) throws(PublisherError) -> any CredentialSource {
        let role = try settings.text("role")
        let kind = try settings.choice("credentials", Kind.self) ?? (role == nil ? nil : .webIdentity)
        let fetcher = Fetcher(transport, clock: clock)
        let asked: (any CredentialSource)? =
            switch kind {
            case .environment: try GivenCredentials(environment)
            case .webIdentity: try webIdentity(settings, region, fetcher)
            case .container: try ContainerCredentials(environment, fetcher)
            case .instance: try InstanceCredentials(environment, fetcher)
            case nil: try first(settings, region, fetcher)
            }
        guard let asked else { throw Self.missing(kind) }
        return asked
    }

    private func first(
        _ settings: Settings, _ region: AWSRegion, _ fetcher: Fetcher
    ) throws(PublisherError) -> (any CredentialSource)? {
        if let given = try GivenCredentials(environment) { return given }
        if environment.value("AWS_ROLE_ARN") != nil, let identity = try webIdentity(settings, region, fetcher) {
            return identity
        }
        return try ContainerCredentials(environment, fetcher)
    }

    private func webIdentity(
        _ settings: Settings, _ region: AWSRegion, _ fetcher: Fetcher
    ) throws(PublisherError) -> WebIdentity? {
        guard let role = try settings.text("role") ?? environment.value("AWS_ROLE_ARN") else {
            throw Settings.error(
                "role", "nothing says which role to take", hint: "set 'role', or the variable AWS_ROLE_ARN")
        }
        return try WebIdentity(
            role: role, audience: try settings.text("audience"), in: region, environment, fetcher)
    }

    private static func missing(_ kind: Kind?) -> PublisherError {
        switch kind {
        case .environment:
            PublisherError(
                .configuration, "the environment variable AWS_ACCESS_KEY_ID is empty",
                hint: "give this stage an access key, and name its variables in the target's env",
                field: "env.AWS_ACCESS_KEY_ID")
        case .webIdentity:
            PublisherError(
                .configuration, "there is no identity token to take the role with",
                hint: "name in the target's env what has it: ACTIONS_ID_TOKEN_REQUEST_URL and"
                    + " ACTIONS_ID_TOKEN_REQUEST_TOKEN at GitHub, AWS_WEB_IDENTITY_TOKEN (from a variable of id_tokens)"
                    + " at GitLab, AWS_WEB_IDENTITY_TOKEN_FILE elsewhere", field: "env.AWS_WEB_IDENTITY_TOKEN")
        case .container:
            PublisherError(
                .configuration, "no variable names a container's endpoint",
                hint: "name AWS_CONTAINER_CREDENTIALS_RELATIVE_URI (ECS) or AWS_CONTAINER_CREDENTIALS_FULL_URI and"
                    + " AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE (EKS) in the target's env",
                field: "env.AWS_CONTAINER_CREDENTIALS_FULL_URI")
        case .instance, nil:
            PublisherError(
                .configuration, "there are no credentials for AWS",
                hint: "name AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the target's env, or set 'role', or"
                    + " 'credentials': web_identity, container or instance", field: "env.AWS_ACCESS_KEY_ID")
        }
    }
}
