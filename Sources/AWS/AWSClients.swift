package import HTTP
package import PublisherPlugin
package import ServiceClient

/// The clients of one process for one service of AWS. Targets that have region, address and credentials in common share
/// one.
package final class AWSClients: Sendable {
    private let service: any AWSService
    private let clients: ServiceClients

    var transport: any HTTPTransport { clients.transport }
    var clock: any ServiceClock { clients.clock }
    let environment: [String: String]

    /// The settings that all targets at AWS have.
    package static let settings = ["region", "credentials", "role", "audience", "url", "writes"]

    /// The variables that are read, if the target's `env` names them.
    package static let environment = [
        "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
        "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_WEB_IDENTITY_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS",
    ]

    /// `transport` must send a request once.
    package init(
        _ service: any AWSService, environment: [String: String], transport: any HTTPTransport,
        clock: any ServiceClock = SystemServiceClock()
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
