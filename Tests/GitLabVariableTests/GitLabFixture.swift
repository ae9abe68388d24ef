import FoundationEssentials
import GitLabSandbox
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport

@testable import ork_publisher_gitlab_variable

extension GitLabSandbox: ServiceSandbox {}

/// A GitLab with the groups `acme` and `acme/tools`, the projects `acme/web` and `acme/tools/bot`.
typealias GitLabFixture = ServiceFixture<GitLabSandbox>

extension ServiceFixture<GitLabSandbox> {
    static var root: String { "https://gitlab.example/gitlab/api/v4" }

    convenience init() {
        var sandbox = GitLabSandbox()
        sandbox.addProject("acme/tools/bot")
        let ids = ["project": sandbox.addProject("acme/web"), "group": sandbox.addGroup("acme/tools")]
        self.init(sandbox, ids: ids)
    }

    /// Looks at the sandbox, or changes it by another hand.
    @discardableResult
    func gitlab<Value: Sendable>(_ body: @Sendable (inout GitLabSandbox) throws -> Value) rethrows -> Value {
        try withService { sandbox, _ in try body(&sandbox) }
    }

    /// What was asked since the last time, as `GET /projects/acme%2Fweb/variables/KEY`.
    func takeAsked() -> [String] {
        takeRequests().map { "\($0.method.rawValue) \($0.url.description.dropFirst(Self.root.count))" }
    }

    /// The addresses that were asked since the last time.
    func takeURLs() -> [String] { takeRequests().map(\.url.description) }

    /// The bodies that were sent since the last time.
    func takeBodies() -> [[UInt8]] { takeRequests().compactMap(\.body) }

    /// A publisher with a token; without one it is the sandbox's own, which may do everything.
    func publisher(_ token: Secret? = nil) -> GitLabVariablePublisher {
        let token = token ?? gitlab { $0.token }
        return GitLabVariablePublisher(
            ServiceClients(
                GitLab(), environment: ["GITLAB_TOKEN": token.revealed() ?? "", "CI_API_V4_URL": Self.root],
                transport: self, clock: self))
    }

    /// What a publisher answers, also by throwing, without what the variable held.
    func ask(
        _ verb: Verb, _ with: JSONObject, of publisher: GitLabVariablePublisher? = nil, token: Secret? = nil,
        expect: [Secret]? = [SampleKeys.predecessor, SampleKeys.successor], secret: Secret = SampleKeys.successor,
        create: Bool = true, within seconds: TimeInterval = 120
    ) -> PublisherAnswer {
        let request = PublisherRequest(
            verb, with, secret: secret, expect: expect, target: "ci", create: create,
            deadline: now.addingTimeInterval(seconds))
        return (publisher ?? self.publisher(token)).ask(verb, request).withoutHeld
    }

    /// The address of a path in the sandbox.
    static func url(_ path: String) -> HTTPURL {
        guard let url = try? HTTPURL(root + path) else { preconditionFailure("no address: \(path)") }
        return url
    }
}

extension HTTPRequest {
    /// The same without what stands behind the question mark: what a GitLab sees that knows no filter.
    var withoutQuery: HTTPRequest {
        var request = self
        if let url = try? HTTPURL(url.withoutQuery) { request.url = url }
        return request
    }
}
