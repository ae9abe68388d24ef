import FoundationEssentials
package import HTTP
import OpenRouter
import PublisherHosting
import PublisherKit
package import Rotation
import Secrets
package import Steps

/// How a stage gets at the account: by a management key in its environment, or by its CI system's identity where `ork.yaml`
/// names a federation policy.
package struct ManagementAccess {
    private let environment: StepEnvironment
    private let transport: any HTTPTransport
    private let tell: (Announcement) -> Void

    package init(
        _ environment: StepEnvironment, over transport: any HTTPTransport, tell: @escaping (Announcement) -> Void
    ) {
        self.environment = environment
        self.transport = transport
        self.tell = tell
    }

    /// The account at the OpenRouter of that address. `service` is what this stage's `ork.yaml` says of it.
    ///
    /// A token lives for minutes. Every try of a step asks for one of its own.
    package func account(at url: HTTPURL, _ service: Plan.Service) throws(StepError) -> ManagedAccount {
        let client = OpenRouterClient(transport: transport)
        let variable = service.managementKey
        guard let policy = service.federationPolicy else {
            return ManagedAccount(
                api: ManagementAPI(baseURL: url, managementKey: try environment.managementKey(variable)),
                client: client)
        }
        do throws(StepError) {
            let exchange = TokenExchange(baseURL: url, policy: policy)
            guard let call = exchange.managementToken(for: try identityToken(for: service.federationAudience)) else {
                throw StepError(
                    .denied, "this job's identity token is not a JSON web token",
                    hint: "set \(Self.tokenVariable) to the token alone", isRetryable: false)
            }
            let token = try client.send(all: [call])[0].answer().value
            return ManagedAccount(api: ManagementAPI(baseURL: url, managementKey: token), client: client)
        } catch {
            // What time may put right is no reason for another credential.
            guard error.code != .unreachable, environment.hasManagementKey(variable) else { throw error }
            tell(.warning("\(error.message); going on with the management key that is stored"))
            return ManagedAccount(
                api: ManagementAPI(baseURL: url, managementKey: try environment.managementKey(variable)),
                client: client)
        }
    }

    private static let tokenVariable = "ORK_ID_TOKEN"
    /// How long GitHub may take to hand out a token, in seconds.
    private static let patience: TimeInterval = 30

    /// The token that says which job this is: from the variable, as GitLab sets it, or fresh from GitHub.
    private func identityToken(for audience: String?) throws(StepError) -> Secret {
        if let token = environment[Self.tokenVariable] { return Secret(token) }
        do {
            if let github = try GitHubIdentity(environment.variables) {
                let clock = StepClock()
                return try github.token(
                    for: audience, transport, clock: clock, until: clock.now.addingTimeInterval(Self.patience))
            }
        } catch let error as ServiceError {
            throw StepError(
                error.error.code == .denied ? .denied : .unreachable, error.error.message, hint: error.error.hint)
        } catch let error as PublisherError {
            throw StepError(.unacceptable, error.message, hint: error.hint, isRetryable: false)
        } catch {
            throw StepError(.failed, "this job's identity token cannot be had")
        }
        throw StepError(
            .denied, "this job has no identity token for the federation policy",
            hint: "GitLab: id_tokens: {\(Self.tokenVariable): {aud: AUDIENCE}}; GitHub: the permission id-token: write",
            isRetryable: false)
    }
}
