import FoundationEssentials
import HTTP
import JSON
import SandboxWire
import Timestamps

/// How the services of the presets speak.
enum Kind: String, CaseIterable, Sendable {
    case render

    /// What every address of it begins with.
    var root: String {
        switch self {
        case .render: "https://api.render.com/v1"
        }
    }

    /// The settings of a target at it.
    var with: JSONObject {
        var with: JSONObject = ["preset": .string(rawValue)]
        switch self {
        case .render: with["service"] = "srv-web"
        }
        with["name"] = "OPENROUTER_API_KEY"
        return with
    }

    /// The setting that names the project, and another project.
    var project: (setting: String, other: JSONValue) {
        switch self {
        case .render: ("service", "srv-other")
        }
    }

    var variable: String {
        switch self {
        case .render: "RENDER_API_KEY"
        }
    }

    var scheme: String { "Bearer" }

    var readback: Readback {
        switch self {
        case .render: .value
        }
    }

    /// What of a variable can be read.
    enum Readback { case value, sha256, digest, time, nothing }

    /// Whether a value that nobody knows is told from one that the rotation does.
    var isComparable: Bool { readback == .value || readback == .sha256 }

    /// Whether the successor is told from another value.
    var isVerifiable: Bool { isComparable || readback == .digest }

    /// How a variable is written, and what only that address has.
    var writing: HTTPRequest.Method {
        switch self {
        case .render: .put
        }
    }

    var writePart: String { "" }

    /// What only the address of a new deployment has.
    var deployPart: String {
        switch self {
        case .render: "/deploys"
        }
    }

    /// Whether deployments can be listed.
    var showsLatest: Bool { self == .render }

    /// The states of a deployment that is live and of one that failed; `nil` where nobody deploys.
    var states: (live: String, failed: String)? {
        switch self {
        case .render: ("live", "build_failed")
        }
    }

    /// Whether a POST only reads.
    func isQuery(_ body: JSONValue?) -> Bool { body?["query"]?.string?.hasPrefix("query") ?? false }

    func refusal(_ status: Int, at now: Date) -> HTTPResponse {
        let words = [401: "Unauthorized", 403: "Forbidden", 404: "not found"][status] ?? "no"
        switch self {
        case .render: return HTTPResponse(status, ["id": "err-1", "message": .string(words)], at: now)
        }
    }

    /// `nil` for what is not there.
    func answer(_ call: Call, _ platform: inout Platform) -> HTTPResponse? {
        switch self {
        case .render: render(call, &platform)
        }
    }
}
