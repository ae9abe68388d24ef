import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import TestSupport
import Testing
import Timestamps

/// What every call makes of every status.
@Suite(.tags(.values)) struct StatusTests {
    static let sentinel = "sk-or-v1-sentinel"

    /// Every call there is.
    enum Call: CaseIterable {
        case listKeys, key, createKey, updateKey, deleteKey, guardrailAssignments, byokKeys, observabilityDestinations
        case requestCounts, currentKey, ask

        /// A 404 is an answer, not an error.
        var answersMissing: Bool { [.key, .updateKey, .deleteKey].contains(self) }
        var isSentOnce: Bool { [.createKey, .ask].contains(self) }

        func error(_ answer: Result<HTTPResponse, TransportError>) throws -> OpenRouterError? {
            let client = OpenRouterClient(transport: Server(answer: answer))
            let management = try Sample.management()
            let inference = try Sample.inference()
            let hash = try Sample.hash()
            switch self {
            case .listKeys: return error { () throws(OpenRouterError) in try client.send(management.listKeys()) }
            case .key: return error { () throws(OpenRouterError) in try client.send(management.key(hash)) }
            case .createKey:
                let new = NewKey(name: "checkout", limit: nil)
                return error { () throws(OpenRouterError) in try client.send(management.createKey(new)) }
            case .updateKey:
                let change = KeyChange(disabled: true)
                return error { () throws(OpenRouterError) in try client.send(management.updateKey(hash, change)) }
            case .deleteKey: return error { () throws(OpenRouterError) in try client.send(management.deleteKey(hash)) }
            case .guardrailAssignments:
                return error { () throws(OpenRouterError) in try client.send(management.guardrailAssignments()) }
            case .byokKeys: return error { () throws(OpenRouterError) in try client.send(management.byokKeys()) }
            case .observabilityDestinations:
                return error { () throws(OpenRouterError) in try client.send(management.observabilityDestinations()) }
            case .requestCounts:
                let call = management.requestCounts(hash, from: Sample.now - 600, to: Sample.now, isClosed: true)
                return error { () throws(OpenRouterError) in try client.send(call) }
            case .currentKey: return error { () throws(OpenRouterError) in try client.send(inference.currentKey()) }
            case .ask: return error { () throws(OpenRouterError) in try client.send(inference.ask(model: "m/free")) }
            }
        }

        private func error<Answer>(_ send: () throws(OpenRouterError) -> Dated<Answer>) -> OpenRouterError? {
            do throws(OpenRouterError) {
                _ = try send()
                return nil
            } catch {
                return error
            }
        }
    }

    /// A server that answers everything in one way.
    struct Server: HTTPTransport {
        let answer: Result<HTTPResponse, TransportError>

        func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
            for index in requests.indices { each(index, answer) }
        }
    }

    static let statuses: [(Int, OpenRouterError.Code)] = [
        (400, .invalid), (401, .unauthorized), (402, .exhausted), (403, .forbidden), (404, .notFound),
        (408, .unavailable), (409, .conflict), (410, .notFound), (413, .invalid), (422, .invalid),
        (429, .rateLimited), (500, .unavailable), (502, .unavailable), (503, .unavailable), (524, .unavailable),
        (529, .unavailable), (204, .unexpected), (302, .unexpected), (405, .unexpected), (418, .unexpected),
    ]

    @Test("every status has its code, for every call", arguments: Call.allCases, statuses)
    func status(call: Call, expected: (status: Int, code: OpenRouterError.Code)) throws {
        let body: JSONValue = ["error": ["code": 1, "message": .string(Self.sentinel)], "key": .string(Self.sentinel)]
        let error = try call.error(.success(HTTPResponse(status: expected.status, body: body.bytes())))
        if expected.status == 404, call.answersMissing {
            #expect(error == nil)
            return
        }
        let found = try #require(error)
        #expect(found.code == expected.code)
        #expect(found.status == expected.status)
        #expect(found.hint != nil)
        Self.expectForm(found)
        let mayHaveActed = [.unavailable, .unexpected].contains(expected.code)
        #expect(found.mayHaveArrived == (mayHaveActed || !call.isSentOnce))
    }

    static let bodies = [
        sentinel, "{\"data\": \"\(sentinel)\", \"key\": \"\(sentinel)\"}", "", "[\"\(sentinel)\"]",
        "{\"data\": {\"hash\": \"\(sentinel) \"}, \"key\": \"\(sentinel)\"}",
        "{\"data\": [{\"hash\": \"\(sentinel) \", \"id\": \"\(sentinel)\"}], \"total_count\": \"\(sentinel)\"}",
        "{\"error\": {\"message\": \"\(sentinel)\"}}", "{\"key\": \"\(sentinel)\", \"key\": \"\(sentinel)\"}",
    ]

    @Test("an answer that is not as documented is never quoted", arguments: Call.allCases, bodies)
    func oddBody(call: Call, body: String) throws {
        let status = call == .createKey ? 201 : 200
        let error = try #require(try call.error(.success(HTTPResponse(status: status, body: Array(body.utf8)))))
        #expect(error.code == .unexpected)
        #expect(error.status == status)
        #expect(error.mayHaveArrived)
        Self.expectForm(error)
    }

    @Test(
        "no answer keeps what the transport knows", arguments: Call.allCases,
        [
            TransportError(.unreachable, "no such host", mayHaveArrived: false),
            TransportError(.timeout, "the time is over", mayHaveArrived: true),
            TransportError(.interrupted, "the connection ended", mayHaveArrived: true),
            TransportError(.untrusted, "the certificate is not trusted", mayHaveArrived: false),
            TransportError(.tooLarge, "the answer is too large", mayHaveArrived: true),
        ])
    func noAnswer(call: Call, transportError: TransportError) throws {
        let error = try #require(try call.error(.failure(transportError)))
        #expect(error.code == .unreachable)
        #expect(error.status == nil)
        #expect(error.mayHaveArrived == transportError.mayHaveArrived)
        #expect(error.message.hasSuffix(transportError.message))
        Self.expectForm(error)
    }

    @Test(
        "a server that says when to come back is quoted, unless it asks for days",
        arguments: [
            ("3600", "try again in 1h"), ("90", "try again in 1m30s"), ("0", "try again later"),
            ("9999999", "try again later"),
        ])
    func comeBack(after seconds: String, hint: String) throws {
        for status in [429, 503] {
            let response = HTTPResponse(status: status, headers: [("retry-after", seconds)])
            #expect(try Call.currentKey.error(.success(response))?.hint == hint)
        }
    }

    @Test func aRefusedProbeNamesTheAllowlist() throws {
        let error = try Call.currentKey.error(.success(HTTPResponse(status: 403)))
        #expect(error?.hint?.contains("IP allowlist") == true)
    }

    /// What holds of every error: lower case but for names, no full stop, one line, nothing of the answer.
    static func expectForm(_ error: OpenRouterError) {
        for text in [error.message, error.hint ?? "none"] {
            #expect(!text.hasSuffix(".") && !text.contains("\n") && !text.isEmpty)
            #expect(text.hasPrefix("OpenRouter") || text.first?.isLowercase == true)
        }
        #expect(!String(reflecting: error).contains(sentinel))
        #expect("\(error)" == error.message)
    }
}
