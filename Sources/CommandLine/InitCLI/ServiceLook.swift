import HTTP
import JSON
import Secrets

/// Reads from a CI system's API what a check asks about: names, never values.
struct ServiceLook {
    private let transport: any HTTPTransport
    private let base: String
    private let authorization: HTTPAuthorization

    init(_ transport: any HTTPTransport, base: String, _ authorization: HTTPAuthorization) {
        self.transport = transport
        self.base = base
        self.authorization = authorization
    }

    /// What is at a path.
    enum Answer {
        case found(JSONValue)
        case absent
        /// It cannot be said, and why.
        case unclear(String)
    }

    func get(_ path: String) -> Answer {
        guard let url = try? HTTPURL(base + path) else { return .unclear("the address of its API is not acceptable") }
        let request = HTTPRequest(
            .get, url, headers: [(name: "Accept", value: "application/json")], authorization: authorization)
        let answer: HTTPResponse
        do { answer = try transport.send(request) } catch { return .unclear(error.message) }
        switch answer.status {
        case 200:
            return (try? JSONValue(parsing: answer.body)).map { .found($0) } ?? .unclear("the answer is not JSON")
        case 404: return .absent
        case 401, 403: return .unclear("the token may not look, status \(answer.status)")
        default: return .unclear("status \(answer.status)")
        }
    }
}
