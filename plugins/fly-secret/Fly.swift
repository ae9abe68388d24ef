import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets

/// Fly.io's Machines API, by its published OpenAPI and by what `fly secrets deploy` sends.
struct Fly: Service {
    let name = "Fly.io"
    let credential = "FLY_API_TOKEN"
    // No pipeline of Fly's names it.
    let addressVariable = ""
    let standardAddress = "https://api.machines.dev/v1"
    let headers = [(name: "Accept", value: "application/json")]

    /// Without `Retry-After` seconds are enough: an action may be asked for once a second, and three times in a burst.
    func pause(_ response: HTTPResponse, number: Int, now: Date) -> Duration? {
        guard response.status == 429 else { return nil }
        if let wish = response.retryAfter { return max(wish, .seconds(1)) }
        return .seconds(2 << min(number - 1, 5))
    }
}

/// The token of Fly's: a bearer, or one of the newer kind (`FlyV1 fm2_…`), which names its own scheme.
struct FlyToken: ServiceCredentials {
    private let token: Secret
    private let isMacaroon: Bool

    init(in environment: [String: String]) throws(PublisherError) {
        // Says what is wrong with an empty one.
        _ = try StaticToken(for: Fly(), in: environment)
        var words = (environment[Fly().credential] ?? "").split(whereSeparator: \.isWhitespace)
        while let first = words.first, ["flyv1", "bearer"].contains(first.lowercased()) { words.removeFirst() }
        let text = words.joined()
        guard !text.isEmpty, words.count == 1 else {
            throw PublisherError(
                .configuration, "the environment variable \(Fly().credential) holds no token of Fly.io's",
                hint: "put what `fly tokens create deploy` prints into it, as it is", field: "env.\(Fly().credential)")
        }
        token = Secret(text)
        isMacaroon = ["fm1", "fm2"].contains { text.hasPrefix($0) }
    }

    var secrets: [Secret] { [token] }

    func authorization(until deadline: Date) -> HTTPAuthorization? {
        isMacaroon ? .scheme("FlyV1", token) : .bearer(token)
    }
}
