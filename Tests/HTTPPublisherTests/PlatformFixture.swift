import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport

@testable import ork_publisher_http

/// A platform, and a publisher that writes to it.
typealias PlatformFixture = ServiceFixture<Platform>

extension ServiceFixture<Platform> {
    /// With a variable beside ours, which nobody may touch.
    convenience init(_ kind: Kind, holding secret: Secret? = SampleKeys.predecessor) {
        var platform = Platform(kind)
        platform.set("NEIGHBOUR", "stays", at: Self.beginning)
        if let secret { platform.set("OPENROUTER_API_KEY", SampleKeys.text(secret), at: Self.beginning) }
        self.init(platform)
    }

    var kind: Kind { withService { platform, _ in platform.kind } }

    /// What our variable holds, in a word, and whether the neighbour is as it was.
    var held: String {
        withService { platform, _ in
            let neighbour = platform.variables["NEIGHBOUR"]?.value == "stays" && platform.variables.count <= 2
            let name = SampleKeys.name(platform.variables["OPENROUTER_API_KEY"]?.value) ?? "nothing"
            return neighbour ? name : "another variable was touched"
        }
    }

    /// Looks at the platform, or changes it by another hand.
    @discardableResult
    func platform<Value: Sendable>(_ body: @Sendable (inout Platform, Date) throws -> Value) rethrows -> Value {
        try withService(body)
    }

    func publisher(_ variables: [String: String] = [:]) -> HTTPPublisher {
        let (kind, token) = withService { platform, _ in (platform.kind, platform.token) }
        let environment = [kind.traits.variable: token].merging(variables) { $1 }
        return HTTPPublisher(
            ServiceClients(DescribedService(), environment: environment, transport: self, clock: self))
    }

    /// What a publisher answers. `changed` are settings beside those of the kind.
    func ask(
        _ verb: Verb, _ changed: JSONObject = [:], receipt: JSONObject? = nil, token: String? = nil,
        secret: Secret = SampleKeys.successor, create: Bool = true, within seconds: TimeInterval = 120,
        variables: [String: String] = [:]
    ) -> PublisherAnswer {
        var with = kind.with
        for (key, value) in changed.members { with[key] = value }
        var request = PublisherRequest(
            verb, with, secret: secret, create: create, deadline: now.addingTimeInterval(seconds))
        if verb != .publish { request.receipt = receipt }
        var environment = variables
        if let token { environment[kind.traits.variable] = token }
        return publisher(environment).ask(verb, request)
    }
}
