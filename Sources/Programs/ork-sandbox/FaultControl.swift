import FoundationEssentials
import HTTP
import JSON
import OpenRouterSandbox

extension SandboxFault {
    /// Reads `{"method", "path", "times", "effect": "refuse"|"lose"|"before"|"after", "status"|"request"}`, where a
    /// request is another hand's: `{"method", "path", "body"}`. Paths are those below `/api/v1`.
    init?(_ wish: JSONValue) {
        guard let (method, path) = Self.address(wish) else { return nil }
        let status = wish["status"]?.integer ?? 503
        let effect: Effect
        switch wish["effect"] {
        case "refuse": effect = .refuse(status)
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
            case ("refuses_analytics", .bool(let flag)): changed.refusesAnalytics = flag
            case ("failing", .array(let paths)): changed.failing = Set(paths.compactMap(\.string))
            default: return false
            }
        }
        self = changed
        return true
    }
}
