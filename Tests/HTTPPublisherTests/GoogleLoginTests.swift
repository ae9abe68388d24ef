import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import SandboxWire
import Secrets
import TestSupport
import Testing
import Timestamps

@testable import ork_publisher_http

/// A job that has an identity token and no key gets a token of Google's for it.
@Suite(.tags(.values)) struct GoogleLoginTests {
    /// Google's Security Token Service and IAM, and the platform behind them.
    struct Google: ServiceSandbox {
        var platform: Platform
        let identity = "eyJhbGciOiJSUzI1NiJ9.identity.of-the-job"
        let provider = "projects/123/locations/global/workloadIdentityPools/ci/providers/github"
        let account = "ork@shop.iam.gserviceaccount.com"
        /// What the pool itself may do with the secret, without an account.
        var mayAlone = false
        var lifetime = 3600
        private var federated = "federated_token_0123456789abcdef"

        init() {
            platform = Platform(.google)
            platform.set("NEIGHBOUR", "stays", at: Start.moment)
            platform.set("OPENROUTER_API_KEY", SampleKeys.text(SampleKeys.predecessor), at: Start.moment)
        }

        private enum Start {
            static var moment: Date { ServiceFixture<Google>.beginning }
        }

        mutating func answer(_ request: HTTPRequest, at now: Date) -> HTTPResponse {
            let body = request.body.flatMap { try? JSONValue(parsing: $0) }
            switch request.url.host {
            case "sts.googleapis.com":
                guard request.authorization == nil, body?["subjectToken"]?.string == identity,
                    body?["audience"]?.string == "//iam.googleapis.com/\(provider)"
                else {
                    let words: JSONValue = [
                        "error": "invalid_grant",
                        "error_description": .string("refused: \(body?["subjectToken"]?.string ?? "")"),
                    ]
                    return HTTPResponse(400, words, at: now)
                }
                return HTTPResponse(
                    200,
                    [
                        "access_token": .string(mayAlone ? platform.token : federated), "token_type": "Bearer",
                        "expires_in": .number(JSONNumber(lifetime)),
                        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
                    ], at: now)
            case "iamcredentials.googleapis.com":
                let path = "/v1/projects/-/serviceAccounts/\(HTTPURL.encode(account)):generateAccessToken"
                guard request.bearer == Secret(federated), request.url.description.hasSuffix(path) else {
                    return HTTPResponse(403, ["error": ["code": 403, "message": "denied"]], at: now)
                }
                let end = now.addingTimeInterval(Double(lifetime)).rfc3339
                return HTTPResponse(
                    200, ["accessToken": .string(platform.token), "expireTime": .string(end)], at: now)
            default: return platform.answer(request, at: now)
            }
        }
    }

    private static let google = Google()

    private static func ask(
        _ fixture: ServiceFixture<Google>, _ verb: Verb = .publish, _ changed: JSONObject = [:],
        variables: [String: String] = ["GOOGLE_FEDERATED_TOKEN": google.identity]
    ) -> PublisherAnswer {
        var with = Kind.google.with
        (with["provider"], with["account"]) = (.string(google.provider), .string(google.account))
        with.take(changed)
        let publisher = HTTPPublisher(
            ServiceClients(DescribedService(), environment: variables, transport: fixture, clock: fixture))
        let request = PublisherRequest(verb, with, deadline: fixture.now.addingTimeInterval(120))
        return publisher.ask(verb, request, hiding: [Secret(google.identity)])
    }

    @Test("the token is exchanged, by an account or for the pool's own principal")
    func exchanged() {
        for isAlone in [false, true] {
            let fixture = ServiceFixture(Google())
            fixture.withService { google, _ in google.mayAlone = isAlone }
            let answer = Self.ask(fixture, .publish, isAlone ? ["account": nil] : [:])
            #expect(answer.outcome == .committed, "\(answer)")
            let hosts = fixture.exchanges.map(\.request.url.host).prefix(2)
            #expect(
                hosts == [
                    "sts.googleapis.com", isAlone ? "secretmanager.googleapis.com" : "iamcredentials.googleapis.com",
                ])
        }
    }

    @Test("what is sent has the members of Google's published discovery documents")
    func published() async throws {
        let fixture = ServiceFixture(Google())
        _ = Self.ask(fixture)
        let read = try await Python.run("google_login.py")
        try #require(read.succeeded, "\(read.output)")
        let facts = try JSONValue(parsing: read.output.utf8)
        for (host, name) in [("sts.googleapis.com", "exchange"), ("iamcredentials.googleapis.com", "account")] {
            let request = try #require(fixture.exchanges.first { $0.request.url.host == host }?.request)
            let body = try JSONValue(parsing: #require(request.body)).object ?? [:]
            let known = Set(facts[name]?.strings ?? [])
            #expect(!body.keys.isEmpty && known.isSuperset(of: body.keys), "\(name) \(body.keys)")
            let path = try #require(facts["\(name)_path"]?.string)
            #expect(request.url.description.hasPrefix("https://\(host)/\(path)"), "\(path)")
        }
    }

    @Test("a login that is refused is told with what to look at, and without the token")
    func refused() {
        let other = Self.ask(
            ServiceFixture(Google()), variables: ["GOOGLE_FEDERATED_TOKEN": "another.token-0123456789"])
        #expect(other.error?.code == .denied && other.error?.field == "with.provider", "\(other)")
        #expect(other.error?.message.contains("another.token") == false)
        let account = Self.ask(ServiceFixture(Google()), .publish, ["account": "else@shop.iam.gserviceaccount.com"])
        #expect(account.error?.field == "with.account" && account.error?.hint?.contains("workloadIdentityUser") == true)
        let nothing = Self.ask(ServiceFixture(Google()), variables: [:])
        #expect(nothing.error?.hint?.contains("id-token: write") == true, "\(nothing)")
        for (changed, field) in [
            (["provider": "projects/1/providers/x"], "with.provider"), (["provider": nil], "with.account"),
            (["account": "nobody"], "with.account"), (["account": "a@../x"], "with.account"),
        ] as [(JSONObject, String)] {
            let fixture = ServiceFixture(Google())
            let error = Self.ask(fixture, .publish, changed).error
            #expect(error?.field == field && fixture.exchanges.isEmpty, "\(changed) \(error as Any)")
        }
    }

    @Test("an answer of the login that is none is never taken for one")
    func hostile() {
        for body in [
            "", "[]", "{}", #"{"access_token": ""}"#, #"{"access_token": "t", "expires_in": -1}"#,
            #"{"accessToken": "t", "expireTime": 7}"#,
        ] {
            for host in ["sts.googleapis.com", "iamcredentials.googleapis.com"] {
                let fixture = ServiceFixture(Google())
                fixture.fail(.post, at: host, times: 9, .garbled(200, body))
                let answer = Self.ask(fixture)
                #expect(answer.error != nil, "\(host) \(body)")
                let held = fixture.withService { google, _ in google.platform.variables["OPENROUTER_API_KEY"]?.value }
                #expect(SampleKeys.name(held) == "predecessor")
            }
        }
    }
}
