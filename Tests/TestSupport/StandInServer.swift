package import FoundationEssentials
package import HTTP
package import JSON
import Secrets
import Synchronization

/// A stand-in for a service behind a socket: it gets each request as the service would, with a bearer token as its credential.
package final class StandInServer<Service: Sendable>: Sendable {
    private let server: LoopbackServer
    private let state: State

    private final class State: Sendable {
        let service: Mutex<Service>

        init(_ service: Service) { self.service = Mutex(service) }
    }

    /// `address` tells where a request to a path here would go; `answer` is the service's.
    package init(
        _ service: Service, address: @escaping @Sendable (_ target: String) -> String,
        answer: @escaping @Sendable (inout Service, HTTPRequest, Date) -> HTTPResponse
    ) throws {
        let state = State(service)
        self.state = state
        server = try LoopbackServer { request, connection in
            let response = Self.request(request.message, to: address(request.message.target)).map { request in
                state.service.withLock { answer(&$0, request, .now) }
            }
            connection.respond(
                response?.status ?? 400, headers: response?.headers.map { ($0.name, $0.value) } ?? [],
                body: String(decoding: response?.body ?? [], as: UTF8.self))
        }
    }

    package var url: String { "http://127.0.0.1:\(server.port)" }

    /// How many connections came in.
    package var connections: Int { server.connections }

    /// The bodies of the requests of a method to an address with `part` in it.
    package func bodies(_ method: String, at part: String = "/") -> [JSONValue] {
        server.requests.map(\.message).filter { $0.method == method && $0.target.contains(part) && !$0.body.isEmpty }
            .compactMap { try? JSONValue(parsing: $0.body) }
    }

    /// Looks at the service, or changes it.
    package func service<Value: Sendable>(_ body: (inout Service, Date) -> Value) -> Value {
        state.service.withLock { body(&$0, .now) }
    }

    private static func request(_ message: WireMessage, to address: String) -> HTTPRequest? {
        guard let method = HTTPRequest.Method(rawValue: message.method), let url = try? HTTPURL(address) else {
            return nil
        }
        let words = (message[header: "authorization"] ?? "").split(separator: " ").map(String.init)
        return HTTPRequest(
            method, url, headers: message.headers,
            authorization: words.count == 2 && words[0] == "Bearer" ? .bearer(Secret(words[1])) : nil,
            body: message.body.isEmpty ? nil : message.body)
    }
}
