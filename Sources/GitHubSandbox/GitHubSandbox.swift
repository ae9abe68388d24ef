package import FoundationEssentials
package import HTTP
import JSON
package import SandboxWire
package import Secrets

/// The part of GitHub's API that holds the variables and secrets of pipelines, as a value: copying it copies the world.
package struct GitHubSandbox: Sendable {
    /// A token that may do everything.
    package let token: Secret
    private var random: Randomness

    /// A world with the one token.
    package init(_ randomness: Randomness = .seeded(0)) {
        var random = randomness
        token = Secret("ghp_" + random.hex(36))
        self.random = random
    }

    /// What GitHub answers at this time to a request for a path under `/github`.
    package mutating func answer(_ request: HTTPRequest, at now: Date) -> HTTPResponse {
        let target = RequestTarget(request, dropping: 1)
        _ = target
        return HTTPResponse(404, ["message": "Not Found"], at: now)
    }

    /// Another administrator's hand: what is asked for under `/sandbox/github`, without authentication.
    package mutating func control(_ request: HTTPRequest, at now: Date) -> HTTPResponse {
        let target = RequestTarget(request, dropping: 2)
        _ = target
        return HTTPResponse(404, ["message": "no such control"], at: now)
    }
}
