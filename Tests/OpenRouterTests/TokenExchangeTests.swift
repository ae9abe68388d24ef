import Foundation
import HTTP
import JSON
import OpenRouter
import Secrets
import Synchronization
import TestSupport
import Testing
import Timestamps

/// `POST /oauth/token`, by the specification and by OpenRouter's guide "Workload identity federation".
@Suite(.tags(.values)) struct TokenExchangeTests {
    private static let policy = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
    private static let identity = Secret("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln-_8")

    /// Answers every request with the same, and keeps the last.
    private final class Service: HTTPTransport {
        private let asked = Mutex<HTTPRequest?>(nil)
        let answer: HTTPResponse

        init(_ status: Int, _ body: JSONValue) { answer = HTTPResponse(status: status, body: body.bytes()) }

        var request: HTTPRequest? { asked.withLock { $0 } }

        func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
            for (index, request) in requests.enumerated() {
                asked.withLock { $0 = request }
                each(index, .success(answer))
            }
        }
    }

    private static func ask(_ service: Service) throws(OpenRouterError) -> Secret? {
        let exchange = (try? HTTPURL(Sample.base)).map { TokenExchange(baseURL: $0, policy: policy) }
        guard let call = exchange?.managementToken(for: identity) else { return nil }
        return try OpenRouterClient(transport: service).send(call).value
    }

    private static func granted(_ scope: JSONValue?) -> JSONValue {
        var answer: JSONObject = [
            "access_token": "eyJ.at.jwt", "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "token_type": "Bearer", "expires_in": 900,
        ]
        answer["scope"] = scope
        return .object(answer)
    }

    @Test func theTokenIsAskedForInAFormAndWithoutABearer() throws {
        let service = Service(200, Self.granted("management"))
        #expect(try Self.ask(service) == Secret("eyJ.at.jwt"))
        let request = try #require(service.request)
        #expect(request.method == .post && request.bearer == nil)
        #expect(request.url.description == Sample.base + "/oauth/token")
        #expect(request.headers.contains { $0 == ("content-type", "application/x-www-form-urlencoded") })
        var form = URLComponents()
        form.percentEncodedQuery = String(decoding: request.body ?? [], as: UTF8.self)
        let fields = Dictionary(uniqueKeysWithValues: (form.queryItems ?? []).map { ($0.name, $0.value ?? "") })
        #expect(
            fields == [
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "federation_policy_id": Self.policy,
                "scope": "management", "subject_token": String(decoding: Self.identity.copyBytes(), as: UTF8.self),
            ])
    }

    @Test(
        "a refusal is told by its code, and its text is not shown",
        arguments: [
            (400, "invalid_scope", OpenRouterError.Code.forbidden, "cannot manage keys"),
            (400, "invalid_grant", .unauthorized, "does not accept this job's identity token"),
            (400, "invalid_request", .invalid, "the exchange of an identity token (400)"),
            (413, "invalid_request", .invalid, "the exchange of an identity token (413)"),
            (429, "invalid_request", .rateLimited, "fewer requests (429)"),
            (500, "server_error", .unavailable, "cannot answer now (500)"),
            (503, "temporarily_unavailable", .unavailable, "cannot answer now (503)"),
        ])
    func refusal(status: Int, code: String, expected: OpenRouterError.Code, text: String) throws {
        let service = Service(status, ["error": .string(code), "error_description": "the token eyJ.secret.x"])
        let error = #expect(throws: OpenRouterError.self) { try Self.ask(service) }
        #expect(error?.code == expected)
        #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
        #expect("\(error?.message ?? "") \(error?.hint ?? "")".contains("eyJ") == false)
    }

    @Test(
        "a token that cannot manage keys is refused before it is used",
        arguments: [nil, "inference", "", "managements"] as [JSONValue?])
    func scope(scope: JSONValue?) throws {
        let error = #expect(throws: OpenRouterError.self) { try Self.ask(Service(200, Self.granted(scope))) }
        #expect(error?.code == .forbidden)
    }

    @Test(
        "what is no token is sent nowhere",
        arguments: [
            "", "a.b", "a.b.c.d", "a.b.c\n", "a.b.c&scope=x", "sk-or-v1-0",
            String(repeating: "a", count: 17000) + "..c",
        ])
    func identity(text: String) throws {
        let exchange = TokenExchange(baseURL: try HTTPURL(Sample.base), policy: Self.policy)
        #expect(exchange.managementToken(for: Secret(text)) == nil)
    }
}
