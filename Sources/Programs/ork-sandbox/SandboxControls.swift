import FoundationEssentials
import HTTP
import JSON
import OpenRouterSandbox
import Secrets

extension SandboxFault {
    /// Reads `{"method", "path", "times", "effect": "refuse"|"lose"|"before"|"after", "status"|"request"}`, where a
    /// request is another hand's: `{"method", "path", "body"}`. Paths are those below `/api/v1`.
    init?(_ wish: JSONValue) {
        guard let (method, path) = Self.address(wish) else { return nil }
        let status = wish["status"]?.integer ?? 503
        let effect: Effect
        switch wish["effect"] {
        case "refuse": effect = .refuse(status, retryAfter: wish["retry_after"]?.integer)
        case "lose": effect = .lose(status)
        case let word? where word == "before" || word == "after":
            guard let request = wish["request"], let (method, path) = Self.address(request) else { return nil }
            let body = request["body"] ?? [:]
            let hand: @Sendable (inout Sandbox, Date) -> Void = { sandbox, now in
                sandbox.manage(method, path.split(separator: "/").map(String.init), body, at: now)
            }
            effect = word == "before" ? .before(hand) : .after(hand)
        default: return nil
        }
        self.init(method, path, times: wish["times"]?.integer ?? 1, effect)
    }

    private static func address(_ wish: JSONValue) -> (HTTPRequest.Method, String)? {
        guard let method = wish["method"]?.string.flatMap(HTTPRequest.Method.init), let path = wish["path"]?.string
        else { return nil }
        return (method, path.split(separator: "/").joined(separator: "/"))
    }
}

extension Sandbox {
    /// Adds a federation policy: `{"subject", "audience", "issuer", "key"}`, of which the hash of a key is the last. All
    /// but the subject may be missing. Answers its id.
    mutating func addPolicy(_ wish: JSONValue) -> JSONValue? {
        guard let subject = wish["subject"]?.string else { return nil }
        let id = addFederationPolicy(
            subject: subject, audience: wish["audience"]?.string ?? "https://openrouter.ai",
            issuer: wish["issuer"]?.string ?? "https://token.actions.githubusercontent.com",
            actingAs: wish["key"]?.string)
        return ["id": .string(id)]
    }

    /// A token of a policy's issuer: `{"policy", "subject", "audience", "lifetime"}`, of which only the policy must be
    /// there.
    func subjectToken(_ wish: JSONValue, at now: Date) -> JSONValue? {
        let token = subjectToken(
            for: wish["policy"]?.string ?? "", subject: wish["subject"]?.string, audience: wish["audience"]?.string,
            lifetime: wish["lifetime"]?.number?.double ?? 300, at: now)
        return token?.revealed().map { ["token": .string($0)] }
    }
}

extension Behaviour {
    /// Changes what is named; `false` if something is not known, and then nothing is changed.
    mutating func change(_ wish: JSONObject) -> Bool {
        var changed = self
        for (name, value) in wish.members {
            switch (name, value) {
            case ("dead_hashes", "stay"): changed.deadHashes = .stay
            case ("dead_hashes", "drop"): changed.deadHashes = .drop
            case ("dead_hashes", "widen"): changed.deadHashes = .widen
            case ("counts_reassignments", .bool(let flag)): changed.countsReassignments = flag
            case ("refuses_disabled_keys", .bool(let flag)): changed.refusesDisabledKeys = flag
            case ("locks_privacy", .bool(let flag)): changed.locksPrivacy = flag
            case ("federation", "both"): changed.federation = .both
            case ("federation", "inference"): changed.federation = .inferenceOnly
            case ("federation", "off"): changed.federation = .off
            case ("serves_regions", .bool(let flag)): changed.servesRegions = flag
            case ("refuses_address", .bool(let flag)): changed.refusesAddress = flag
            case ("maximum_lifetime", .null): changed.maximumLifetime = nil
            case ("maximum_lifetime", .number(let seconds)): changed.maximumLifetime = seconds.double
            case ("refuses_analytics", .bool(let flag)): changed.refusesAnalytics = flag
            case ("failing", .array(let paths)): changed.failing = Set(paths.compactMap(\.string))
            default: return false
            }
        }
        self = changed
        return true
    }
}
