import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import SandboxWire
import Timestamps

/// The services of the presets.
enum Kind: String, CaseIterable, Sendable {
    case render, supabase, convex, heroku, railway, huggingface, doppler, fly
    case cloudflareWorkers = "cloudflare-workers"
    case cloudflarePages = "cloudflare-pages"
    case google = "google-secret-manager"
    case netlify

    /// What of a variable can be read.
    enum Readback { case value, sha256, digest, presence }

    /// What tests know of a service.
    struct Traits {
        let variable: String
        let with: JSONObject
        /// The setting that names the project, and what stands for another one.
        let project: (setting: String, other: JSONValue)
        let readback: Readback
        /// How a variable is written, and what only that address has.
        var writing = HTTPRequest.Method.post
        var writePart = ""
        var scheme = "Bearer"
        /// The states of a deployment that is live and of one that failed; `nil` where nobody deploys.
        var states: (live: String, failed: String)?
        /// What only the address of a new deployment has; `nil` where the service deploys by itself, or not at all.
        var deployPart: String?
        /// Whether the platform tells which deployment it serves.
        var tellsServed = false
        /// Whether a deployment has an id, by which it is found again.
        var hasIDs = false
    }

    var traits: Traits {
        switch self {
        case .render:
            Traits(
                variable: "RENDER_API_KEY", with: ["service": "srv-web"], project: ("service", "srv-other"),
                readback: .value, writing: .put, states: ("live", "build_failed"), deployPart: "/deploys", hasIDs: true)
        case .supabase:
            Traits(
                variable: "SUPABASE_ACCESS_TOKEN", with: ["project": "abcdefghijklmnopqrst"],
                project: ("project", "tsrqponmlkjihgfedcba"), readback: .sha256)
        case .convex:
            Traits(
                variable: "CONVEX_DEPLOY_KEY", with: ["deployment": "happy-otter-1"],
                project: ("deployment", "other-otter-2"), readback: .value, scheme: "Convex")
        case .heroku:
            Traits(
                variable: "HEROKU_API_KEY", with: ["app": "shop"], project: ("app", "other"), readback: .value,
                writing: .patch, states: ("succeeded", "failed"))
        case .railway:
            Traits(
                variable: "RAILWAY_API_TOKEN", with: ["project": "p1", "environment": "e1", "service": "s1"],
                project: ("project", "p2"), readback: .value, states: ("SUCCESS", "CRASHED"))
        case .huggingface:
            Traits(
                variable: "HF_TOKEN", with: ["owner": "acme", "space": "shop"], project: ("space", "other"),
                readback: .presence, writePart: "/secrets", states: ("RUNNING", "BUILD_ERROR"), deployPart: "/restart")
        case .doppler:
            Traits(
                variable: "DOPPLER_TOKEN", with: ["project": "shop", "config": "prd"], project: ("project", "other"),
                readback: .value)
        case .fly:
            Traits(variable: "FLY_API_TOKEN", with: ["app": "shop"], project: ("app", "other"), readback: .digest)
        case .cloudflarePages:
            Traits(
                variable: "CLOUDFLARE_API_TOKEN",
                with: ["account": "acc", "project": "shop"], project: ("project", "other"), readback: .presence,
                writing: .patch,
                states: ("deploy success", "build failure"), deployPart: "/deployments", tellsServed: true,
                hasIDs: true)
        case .google:
            Traits(
                variable: "GOOGLE_OAUTH_ACCESS_TOKEN", with: ["project": "shop"], project: ("project", "other"),
                readback: .value)
        case .netlify:
            Traits(
                variable: "NETLIFY_AUTH_TOKEN", with: ["account": "acme", "site": "s1", "context": "production"],
                project: ("site", "s2"), readback: .value, writing: .patch, states: ("ready", "error"),
                deployPart: "/builds", tellsServed: true, hasIDs: true)
        case .cloudflareWorkers:
            Traits(
                variable: "CLOUDFLARE_API_TOKEN", with: ["account": "acc", "script": "shop"],
                project: ("script", "other"), readback: .presence, writing: .put)
        }
    }

    /// The settings of a target at it.
    var with: JSONObject {
        var with = traits.with
        with["preset"] = .string(rawValue)
        with["name"] = "OPENROUTER_API_KEY"
        return with
    }

    /// Whether a value that nobody knows is told from one that the rotation does.
    var isComparable: Bool { [.value, .sha256].contains(traits.readback) }

    /// What publishing once more answers.
    var repeated: PublisherOutcome { isComparable ? .unchanged : .committed }

    /// Whether the successor is told from another value.
    var isVerifiable: Bool { traits.readback != .presence }

    /// Whether a POST only reads.
    func isQuery(_ body: JSONValue?) -> Bool { body?["query"]?.string?.hasPrefix("query") ?? false }

    /// How the service says no.
    func refusal(_ status: Int, at now: Date) -> HTTPResponse {
        let words: JSONValue = .string([401: "Unauthorized", 403: "Forbidden", 404: "not found"][status] ?? "no")
        let body: JSONValue =
            switch self {
            case .render, .supabase, .heroku: ["id": "err", "message": words]
            case .convex: ["code": "Refused", "message": words]
            // GraphQL says it in a good answer.
            case .railway: ["errors": [["message": status == 404 ? words : "Not Authorized"]], "data": nil]
            case .huggingface, .fly: ["error": words]
            case .google: ["error": ["code": .number(JSONNumber(status)), "message": words, "status": "REFUSED"]]
            case .netlify: ["code": .number(JSONNumber(status)), "message": words]
            case .doppler: ["messages": [words], "success": false]
            case .cloudflareWorkers, .cloudflarePages:
                [
                    "success": false, "result": nil,
                    "errors": [["code": status == 404 ? 10007 : 10000, "message": words]],
                ]
            }
        return HTTPResponse(self == .railway ? 200 : status, body, at: now)
    }

    /// `nil` for what is not there.
    func answer(_ call: Call, _ platform: inout Platform) -> HTTPResponse? {
        switch self {
        case .render: render(call, &platform)
        case .railway: railway(call, &platform)
        case .heroku: heroku(call, &platform)
        case .huggingface: huggingFace(call, &platform)
        case .supabase: supabase(call, &platform)
        case .convex: convex(call, &platform)
        case .doppler: doppler(call, &platform)
        case .fly: fly(call, &platform)
        case .cloudflareWorkers: cloudflare(call, &platform)
        case .cloudflarePages: pages(call, &platform)
        case .google: google(call, &platform)
        case .netlify: netlify(call, &platform)
        }
    }
}
