package import FoundationEssentials
package import HTTP
import JSON
package import Secrets
package import Timestamps

/// What gives a job of GitHub Actions a token that says which job it is, if it has the permission `id-token: write`
/// ("OpenID Connect reference").
package struct GitHubIdentity: Sendable {
    /// The variables of such a job.
    package static let variables = (url: "ACTIONS_ID_TOKEN_REQUEST_URL", token: "ACTIONS_ID_TOKEN_REQUEST_TOKEN")

    private let address: HTTPURL
    /// What the job shows to get one.
    package let bearer: Secret

    /// `nil` if the variables are not set.
    package init?(_ environment: [String: String]) throws(PublisherError) {
        guard let text = environment[Self.variables.url], let bearer = environment[Self.variables.token],
            !text.isEmpty, !bearer.isEmpty
        else { return nil }
        self.bearer = Secret(bearer)
        do throws(HTTPURL.Mistake) { address = try HTTPURL(text) } catch {
            throw PublisherError(
                .configuration, "the variable \(Self.variables.url) cannot be used: \(error.rawValue)",
                hint: "GitHub sets it in jobs with the permission id-token: write", field: Self.field)
        }
    }

    /// A token for an audience; without one it is the address of the repository's owner.
    package func token(
        for audience: String?, _ transport: any HTTPTransport, clock: any WallClock, until deadline: Date
    ) throws(ServiceError) -> Secret {
        let client = ServiceClient(
            TokenService(), at: address, credentials: StaticToken(bearer), transport: transport, clock: clock)
        let answer = try client.send(
            ServiceCall(
                .get, [], query: audience.map { [("audience", $0)] } ?? [], to: "give the job a token",
                field: Self.field), until: deadline)
        return Secret(try answer.object().string("value"))
    }

    private static let field = "env.\(variables.url)"

    private struct TokenService: Service {
        let name = "GitHub's token service"
        let credential = GitHubIdentity.variables.token
        let addressVariable = GitHubIdentity.variables.url
        let standardAddress = "https://pipelines.actions.githubusercontent.com"
        let headers: [(name: String, value: String)] = []

        func explain(_ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError? {
            guard refusal.status == 401 || refusal.status == 403 else { return nil }
            return PublisherError(
                .denied, "GitHub hands out no identity token (\(refusal.status))",
                hint: "give the job the permission id-token: write", field: call.field)
        }
    }
}
