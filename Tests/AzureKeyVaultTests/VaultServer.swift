import FoundationEssentials
import HTTP
import JSON
import Secrets
import Synchronization
import TestSupport

/// The stand-in over a socket: `/login` is Entra ID, `/job` GitHub's token service, and everything else the vault.
final class VaultServer: Sendable {
    private let server: LoopbackServer
    private let state: State

    private final class State: Sendable {
        let service: Mutex<StandIn>

        init(_ service: StandIn) { self.service = Mutex(service) }
    }

    init(_ make: (inout StandIn, Date) -> Void) throws {
        var service = StandIn()
        make(&service, .now)
        let state = State(service)
        self.state = state
        server = try LoopbackServer { request, connection in
            let response = Self.request(request.message).map { request in
                state.service.withLock { $0.answer(request, at: .now) }
            }
            connection.respond(
                response?.status ?? 400, headers: response?.headers.map { ($0.name, $0.value) } ?? [],
                body: String(decoding: response?.body ?? [], as: UTF8.self))
        }
    }

    var url: String { "http://127.0.0.1:\(server.port)" }

    /// The bodies of the requests that set a secret.
    var bodies: [JSONValue] {
        server.requests.map(\.message).filter { $0.method == "PUT" && !$0.body.isEmpty }
            .compactMap { try? JSONValue(parsing: $0.body) }
    }

    func azure<Value: Sendable>(_ body: (inout StandIn, Date) -> Value) -> Value {
        state.service.withLock { body(&$0, .now) }
    }

    private static func request(_ message: WireMessage) -> HTTPRequest? {
        let hosts = ["/login/": "login.microsoftonline.com", "/job/": "token.actions.example"]
        let found = hosts.first { message.target.hasPrefix($0.key) }
        let path = found.map { message.target.dropFirst($0.key.count - 1) } ?? Substring(message.target)
        guard let method = HTTPRequest.Method(rawValue: message.method),
            let url = try? HTTPURL("https://\(found?.value ?? "acme-prod.vault.azure.net")\(path)")
        else { return nil }
        let words = (message[header: "authorization"] ?? "").split(separator: " ").map(String.init)
        return HTTPRequest(
            method, url, authorization: words.count == 2 && words[0] == "Bearer" ? .bearer(Secret(words[1])) : nil,
            body: message.body.isEmpty ? nil : message.body)
    }
}
