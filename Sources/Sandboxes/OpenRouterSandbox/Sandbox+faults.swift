package import FoundationEssentials
package import HTTP
package import JSON
import SandboxWire

/// Something that goes wrong, or happens, at a request.
package struct SandboxFault: Sendable {
    /// What happens.
    package enum Effect: Sendable {
        /// It is answered with this status, and with the seconds to wait if they are given, and has no effect.
        case refuse(Int, retryAfter: Int? = nil)
        /// It has its effect, and the answer is this status, as of a gateway that lost the real one.
        case lose(Int)
        /// Another hand does something just before it is answered.
        case before(@Sendable (inout Sandbox, Date) -> Void)
        /// Another hand does something just after it was answered.
        case after(@Sendable (inout Sandbox, Date) -> Void)
    }

    let method: HTTPRequest.Method
    let path: String
    var times: Int
    let effect: Effect

    /// At the first `times` requests for this path below `/api/v1`, such as `byok` or `byok/ID`, and for all below it.
    package init(_ method: HTTPRequest.Method, _ path: String, times: Int = 1, _ effect: Effect) {
        self.method = method
        self.path = path
        self.times = times
        self.effect = effect
    }
}

extension Sandbox {
    /// Has something go wrong at a request to come.
    package mutating func add(_ fault: SandboxFault) { faults.append(fault) }

    /// Another hand's request with the first account's management key, which is not logged.
    package mutating func manage(
        _ method: HTTPRequest.Method, _ path: [String], _ body: JSONValue, at now: Date
    ) {
        _ = try? administer(Call(method: method, path: path, body: body.bytes(), now: now))
    }

    /// Answers with what was told to go wrong.
    mutating func answer(_ call: Call) throws(APIError) -> Reply {
        let levels = call.levels
        guard behaviour.failing.isDisjoint(with: levels) else { throw APIError(503, "Service unavailable") }
        let due = faults.firstIndex { $0.times > 0 && $0.method == call.method && levels.contains($0.path) }
        guard let due else { return try serve(call) }
        faults[due].times -= 1
        switch faults[due].effect {
        case .refuse(let status, let retryAfter):
            var error = APIError(status, "The sandbox was told to refuse this request")
            error.retryAfter = retryAfter
            throw error
        case .lose(let status):
            _ = try serve(call)
            throw APIError(status, "The sandbox was told to lose this answer")
        case .before(let hand):
            hand(&self, call.now)
            return try serve(call)
        case .after(let hand):
            let reply = try serve(call)
            hand(&self, call.now)
            return reply
        }
    }
}
