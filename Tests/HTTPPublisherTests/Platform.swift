import FoundationEssentials
import HTTP
import JSON
import SandboxWire
import Secrets
import Sodium
import TestSupport
import Timestamps

/// A service that a preset describes, as far as its own client and documentation tell: one project with variables, and
/// deployments of it.
struct Platform: ServiceSandbox {
    /// A variable, and when it was written.
    struct Variable {
        var value: String
        var changed: Date

        var moment: JSONValue { .string(changed.rfc3339) }
    }

    struct Deployment {
        let id: String
        let created: Date
        var state: String
    }

    /// Which service it is, by the preset's name.
    let kind: Kind
    let token = "token-of-the-platform-0123456789"
    var variables: [String: Variable] = [:]
    /// The oldest first.
    var deployments: [Deployment] = []
    /// Where the platform went back to: what it serves in place of the newest good one.
    var pinned: String?
    /// Whether the token may change anything.
    var mayWrite = true
    /// The state that a deployment begins in, and is then shown with.
    var newState = "created"

    init(_ kind: Kind) { self.kind = kind }

    var sorted: [(key: String, value: Variable)] { variables.sorted { $0.key < $1.key } }

    var values: JSONObject {
        var values = JSONObject()
        for (name, held) in sorted { values[name] = .string(held.value) }
        return values
    }

    mutating func set(_ name: String, _ value: String, at now: Date) {
        variables[name] = Variable(value: value, changed: now)
    }

    mutating func deploy(at now: Date) -> Deployment {
        let deployment = Deployment(id: "dep-\(deployments.count + 1)", created: now, state: newState)
        deployments.append(deployment)
        return deployment
    }

    /// The deployment that people are served by.
    var served: Deployment? {
        guard pinned == nil else { return deployments.first { $0.id == pinned } }
        return deployments.last { $0.state == kind.traits.states?.live }
    }

    mutating func answer(_ request: HTTPRequest, at now: Date) -> HTTPResponse {
        let target = RequestTarget(request)
        let body = request.body.flatMap { try? JSONValue(parsing: $0) }
        guard isKnown(request) else { return kind.refusal(401, at: now) }
        if !mayWrite, request.method != .get, !kind.isQuery(body) { return kind.refusal(403, at: now) }
        let call = Call(
            method: request.method, target: target, host: request.url.host, range: request.range, body: body, now: now)
        return kind.answer(call, &self) ?? kind.refusal(404, at: now)
    }

    private func isKnown(_ request: HTTPRequest) -> Bool {
        switch request.authorization {
        case .bearer(let secret): kind.traits.scheme == "Bearer" && secret == Secret(token)
        case .scheme(let scheme, let secret): kind.traits.scheme == scheme && secret == Secret(token)
        default: false
        }
    }
}

/// A request as a service reads it.
struct Call {
    let method: HTTPRequest.Method
    let target: RequestTarget
    let host: String
    let range: String?
    let body: JSONValue?
    let now: Date

    func json(_ status: Int, _ value: JSONValue?) -> HTTPResponse { HTTPResponse(status, value, at: now) }
}

extension HTTPRequest {
    fileprivate var range: String? { headers.first { $0.name == "Range" }?.value }
}
