import TestSupport
import Testing

/// An OpenRouter that answers something else than documented.
struct BadAnswer: Sendable, CustomTestStringConvertible {
    let what: String
    let status: Int32
    let error: String
    let answer: @Sendable (LoopbackServer.Connection) -> Void

    init(
        _ what: String, _ status: Int32, _ error: String,
        _ answer: @escaping @Sendable (LoopbackServer.Connection) -> Void
    ) {
        self.what = what
        self.status = status
        self.error = error
        self.answer = answer
    }

    init(_ what: String, _ answer: Int, _ body: String, _ status: Int32, _ error: String) {
        self.init(what, status, error) { $0.respond(answer, body: body) }
    }

    var testDescription: String { what }
}

/// One exchange of a whole rotation that is answered wrongly.
struct BadExchange: Sendable, CustomTestStringConvertible {
    let method: String
    let path: String
    let answer: Int
    let body: String
    let program: String
    let status: Int32
    let error: String

    init(
        _ method: String, _ path: String, _ answer: Int, _ body: String, _ program: String, _ status: Int32,
        _ error: String
    ) {
        self.method = method
        self.path = path
        self.answer = answer
        self.body = body
        self.program = program
        self.status = status
        self.error = error
    }

    var testDescription: String { "\(program), \(method) \(path): \(answer) \(body.prefix(40))" }
}

@Suite(.tags(.servers)) struct BadInputAnswerTests {
    @Test("an answer that is not as documented is told in a word, and nothing is minted", arguments: answers)
    func answer(_ answer: BadAnswer) async throws {
        let complaint: String? = try await onOwnThread {
            let server = try LoopbackServer { _, connection in answer.answer(connection) }
            let run = try ScriptRun(Script(files: []))
            run.variables["OPENROUTER_BASE_URL"] = "http://127.0.0.1:\(server.port)/api/v1"
            let input = BadInput(
                answer.what, "ork-create --predecessor name=checkout-prod", answer.status, answer.error)
            if let complaint = try input.deviation(run) { return complaint }
            return server.requests.contains { $0.message.method != "GET" } ? "it asked for more than it read" : nil
        }
        #expect(complaint == nil)
    }

    @Test("a wrong answer in the middle of a rotation stops the step, and the next run finishes", arguments: exchanges)
    func exchange(_ exchange: BadExchange) async throws {
        let complaint: String? = try await onOwnThread {
            let run = try ScriptRun(
                Script(files: [Script.File(name: ".env", text: "KEY=@PREDECESSOR_KEY@\n")]))
            let port = run.sandbox.url.dropFirst("http://127.0.0.1:".count).prefix { $0 != "/" }
            let proxy = try FaultProxy(upstreamPort: Int(port) ?? 0)
            run.variables["OPENROUTER_BASE_URL"] = "http://127.0.0.1:\(proxy.port)/api/v1"
            let create =
                "ork-create --predecessor name=checkout-prod --to file:path=.env,name=KEY --settle 0s --overlap 0s "
                + "--quiet-for 0s --soak 0s"
            for command in [create, "ork-publish", "ork-verify", "ork-retire --accept-idle"] {
                if command.hasPrefix(exchange.program) {
                    proxy.faults = [
                        Fault(.answer(status: exchange.answer, body: exchange.body), times: 5) { method, path in
                            method == exchange.method && path.hasPrefix("/api/v1" + exchange.path)
                        }
                    ]
                    let input = BadInput(exchange.testDescription, command, exchange.status, exchange.error)
                    if let complaint = try input.deviation(run) { return complaint }
                    proxy.faults = []
                }
                try run.perform(try ScriptWords.split("exec \(command) --wait 20s", run.variables))
            }
            return nil
        }
        #expect(complaint == nil)
    }

    /// A list with one key that has these fields, and no others.
    private static func list(_ fields: String) -> String { #"{"data": [{\#(fields)}]}"# }

    private static let hash = #""hash": "\#(String(repeating: "0f", count: 32))""#
    private static let start = #"\#(hash), "name": "checkout-prod", "label": "sk-or-v1-0f0...0f0""#

    static let answers: [BadAnswer] = [
        BadAnswer("a word", 200, "hello", 1, "OpenRouter's answer is not JSON"),
        BadAnswer("nothing", 200, "", 1, "OpenRouter's answer is not JSON"),
        BadAnswer("a page of HTML", 200, "<!DOCTYPE html><title>Sign in</title>", 1, "OpenRouter's answer is not JSON"),
        BadAnswer("a list", 200, "[]", 1, "OpenRouter's answer is not JSON"),
        BadAnswer("no data", 200, "{}", 1, "OpenRouter's answer has no usable field data"),
        BadAnswer("data of another kind", 200, #"{"data": "none"}"#, 1, "OpenRouter's answer has no usable field data"),
        BadAnswer("a key that is no object", 200, #"{"data": [1]}"#, 1, "OpenRouter's answer has no usable field data"),
        BadAnswer(
            "a key without a hash", 200, list(#""name": "checkout-prod""#), 1,
            "OpenRouter's answer has no usable field hash"),
        BadAnswer(
            "a hash that is a number", 200, list(#""hash": 17"#), 1, "OpenRouter's answer has no usable field hash"),
        BadAnswer(
            "a moment that is none", 200, list(start + #", "created_at": "yesterday""#), 1,
            "OpenRouter's answer has no usable field created_at"),
        BadAnswer(
            "a switch that is a text", 200,
            list(start + #", "created_at": "2026-01-01T00:00:00Z", "disabled": "false""#),
            1, "OpenRouter's answer has no usable field disabled"),
        BadAnswer(
            "a limit that is a list", 200,
            list(start + #", "created_at": "2026-01-01T00:00:00Z", "disabled": false, "limit": []"#), 1,
            "OpenRouter's answer has no usable field limit"),
        BadAnswer("a field twice", 200, #"{"data": [], "data": []}"#, 1, "OpenRouter's answer is not JSON"),
        BadAnswer("deep nesting", 200, String(repeating: "[", count: 100_000), 1, "OpenRouter's answer is not JSON"),
        BadAnswer(
            "400", 400, #"{"error": {"message": "sk-or-v1-no"}}"#, 1, "OpenRouter does not accept the request (400)"),
        BadAnswer("401 with a page", 401, "<html>", 77, "OpenRouter does not accept the management key (401)"),
        BadAnswer("402", 402, "{}", 1, "OpenRouter reports that the credit or the key's limit is used up (402)"),
        BadAnswer("403", 403, "{}", 77, "OpenRouter refuses the management key (403)"),
        BadAnswer("404 with a page", 404, "<html>", 1, "OpenRouter does not know what was asked for (404)"),
        BadAnswer("500", 500, "panic: runtime error", 69, "OpenRouter cannot answer now (500)"),
        BadAnswer("a redirection", 1, "OpenRouter answers with a status that is not documented (302)") {
            $0.respond(302, headers: [("Location", "https://example.org/")])
        },
        BadAnswer("429 for an hour", 69, "OpenRouter asks for fewer requests (429)") {
            $0.respond(429, headers: [("Retry-After", "3600")])
        },
        BadAnswer("503 for an hour", 69, "OpenRouter cannot answer now (503)") {
            $0.respond(503, headers: [("Retry-After", "3600")])
        },
        BadAnswer("20 MiB", 69, "no answer from OpenRouter: the answer of 127.0.0.1 is larger than 16777216 bytes") {
            $0.respond(200, body: String(repeating: " ", count: 20 << 20))
        },
        BadAnswer(
            "another protocol", 69,
            "no answer from OpenRouter: the connection to 127.0.0.1 ended without a whole answer (curl 1)"
        ) {
            $0.send("SSH-2.0-OpenSSH_9.2\r\n")
            $0.close()
        },
        BadAnswer(
            "half an answer", 69,
            "no answer from OpenRouter: the connection to 127.0.0.1 ended without a whole answer (curl 18)"
        ) {
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"data\": [")
            $0.close()
        },
    ]

    static let exchanges: [BadExchange] = [
        BadExchange(
            "POST", "/keys", 201, "{}", "ork-create", 69,
            "the minting had no answer (OpenRouter's answer has no usable field key); what it may have left is deleted"),
        BadExchange(
            "POST", "/keys", 201, #"{"data": {}, "key": 7}"#, "ork-create", 69,
            "the minting had no answer (OpenRouter's answer has no usable field key); what it may have left is deleted"),
        BadExchange(
            "POST", "/keys", 200, "<html>", "ork-create", 69,
            "the minting had no answer (OpenRouter's answer is not JSON); what it may have left is deleted"),
        BadExchange(
            "POST", "/keys", 500, "", "ork-create", 69,
            "the minting had no answer (OpenRouter cannot answer now (500)); what it may have left is deleted"),
        BadExchange("POST", "/keys", 400, "{}", "ork-create", 1, "OpenRouter does not accept the request (400)"),
        BadExchange("PATCH", "/keys/", 200, "{}", "ork-create", 1, "OpenRouter's answer has no usable field data"),
        BadExchange(
            "GET", "/key", 200, "{}", "ork-publish", 1,
            "the new key does not work yet: OpenRouter's answer has no usable field data"),
        BadExchange(
            "GET", "/key", 401, "{}", "ork-publish", 75,
            "the new key does not work yet: OpenRouter does not accept the key (401)"),
        BadExchange(
            "GET", "/key", 200, "[]", "ork-verify", 1,
            "1 of 2 checks did not pass: successor: OpenRouter's answer is not JSON"),
        BadExchange(
            "GET", "/keys/", 200, #"{"data": {}}"#, "ork-retire", 1, "OpenRouter's answer has no usable field hash"),
        BadExchange(
            "GET", "/keys/", 404, "", "ork-retire", 1,
            "OpenRouter has no key checkout-prod DATE ork:ID (HASH): nothing is retired"),
        BadExchange("PATCH", "/keys/", 200, "done", "ork-retire", 1, "OpenRouter's answer is not JSON"),
        BadExchange("PATCH", "/keys/", 500, "", "ork-retire", 69, "OpenRouter cannot answer now (500)"),
        BadExchange("DELETE", "/keys/", 500, "", "ork-retire", 69, "OpenRouter cannot answer now (500)"),
    ]
}
