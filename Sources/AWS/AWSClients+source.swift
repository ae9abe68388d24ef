import PublisherPlugin
import ServiceClient

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
