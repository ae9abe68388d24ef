import FoundationEssentials
import GitHubSandbox
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing
import Timestamps

@testable import ork_publisher_github_secret

/// A network and a server that fail: before, in and after the write.
@Suite(.tags(.values)) struct FaultTests {
    private static let with: JSONObject = ["name": "TOKEN", "repository": "acme/web"]
    private static let key = "public-key"
    private static let secret = "secrets/TOKEN"

    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let method: HTTPRequest.Method
        let part: String
        var times = 1
        let fault: GitHubFixture.Fault
        var outcome: PublisherOutcome = .committed
        /// Whether the secret is written in the end.
        var isWritten = true
        /// How long it waits at least, in seconds.
        var wait = 0.0
    }

    private static let down = "look at its status page, and run the step again"
    private static let noAPI = "check whether its address is that of the API, and whether a proxy answers in its place"
    private static let done = "the secret TOKEN of acme/web is written, but "

    private static let huge = TransportError(.tooLarge, "too large", mayHaveArrived: true)
    private static let hugeHint = "check whether the address is that of the service's API"

    static let cases: [Case] = [
        // Lost on the way.
        Case(testDescription: "key not asked", method: .get, part: key, times: 4, fault: .lostRequest, wait: 3),
        Case(testDescription: "key answer lost", method: .get, part: key, times: 4, fault: .lostReply, wait: 3),
        Case(
            testDescription: "no network", method: .get, part: key, times: 5, fault: .lostRequest,
            outcome: .rejected(PublisherError(.unavailable, "no connection")), isWritten: false, wait: 3),
        Case(testDescription: "write not sent", method: .put, part: secret, times: 4, fault: .lostRequest, wait: 3),
        Case(
            testDescription: "write never sent", method: .put, part: secret, times: 5, fault: .lostRequest,
            outcome: .rejected(PublisherError(.unavailable, "no connection")), isWritten: false, wait: 3),
        Case(testDescription: "write's answer lost", method: .put, part: secret, fault: .lostReply),
        Case(
            testDescription: "write's answer always lost", method: .put, part: secret, times: 5, fault: .lostReply,
            outcome: .unknown(PublisherError(.unavailable, "the connection ended")), wait: 3),
        Case(
            testDescription: "reading back lost", method: .get, part: secret, times: 5, fault: .lostReply,
            outcome: .unknown(PublisherError(.unavailable, done + "the connection ended")), wait: 3),
        // Broken servers.
        Case(testDescription: "502 for the key", method: .get, part: key, times: 4, fault: .answer(502), wait: 3),
        Case(
            testDescription: "500 for the key for ever", method: .get, part: key, times: 5, fault: .answer(500),
            outcome: .rejected(
                PublisherError(
                    .unavailable, "GitHub cannot read the public key for secrets of acme/web now (500)", hint: down)),
            isWritten: false, wait: 3),
        Case(testDescription: "500 for the write", method: .put, part: secret, times: 4, fault: .answer(500), wait: 3),
        Case(
            testDescription: "503 for the write for ever", method: .put, part: secret, times: 5, fault: .answer(503),
            outcome: .unknown(
                PublisherError(.unavailable, "GitHub cannot write the secret TOKEN of acme/web now (503)", hint: down)),
            isWritten: false, wait: 3),
        Case(
            testDescription: "500 when it is read back", method: .get, part: secret, times: 5, fault: .answer(500),
            outcome: .unknown(
                PublisherError(
                    .unavailable,
                    done + "GitHub cannot read when the secret TOKEN of acme/web was written now (500)", hint: down)),
            wait: 3),
        Case(
            testDescription: "403 when it is read back", method: .get, part: secret, fault: .answer(403),
            outcome: .unknown(
                PublisherError(
                    .denied,
                    done + "GitHub refuses to read when the secret TOKEN of acme/web was written (403)",
                    hint: "give the token in GITHUB_TOKEN the repository permission \"Secrets\" (write) for acme/web;"
                        + " a classic token needs the scope repo", field: "with.name"))),
        // Copies that lag behind.
        Case(
            testDescription: "it is not shown yet", method: .get, part: secret, times: 4,
            fault: .answer(404, #"{"message": "Not Found"}"#), wait: 3),
        Case(
            testDescription: "it is never shown", method: .get, part: secret, times: 5,
            fault: .answer(404, #"{"message": "Not Found"}"#),
            outcome: .unknown(
                PublisherError(
                    .unavailable, done + "GitHub does not show it",
                    hint: "run the step again; writing the same key twice does no harm")), wait: 3),
        Case(
            testDescription: "an earlier time is shown", method: .get, part: secret, times: 4,
            fault: .answer(200, #"{"name": "TOKEN", "updated_at": "2026-01-01T00:00:00Z"}"#), wait: 3),
        Case(
            testDescription: "an earlier time is shown for ever", method: .get, part: secret, times: 5,
            fault: .answer(200, #"{"name": "TOKEN", "updated_at": "2026-01-01T00:00:00Z"}"#), wait: 3),
        // Whoever answers in GitHub's place.
        Case(
            testDescription: "a huge answer for the key", method: .get, part: key, fault: .failed(huge),
            outcome: .rejected(PublisherError(.unavailable, "too large", hint: hugeHint)), isWritten: false),
        Case(
            testDescription: "a huge answer to the write", method: .put, part: secret, fault: .failed(huge),
            outcome: .unknown(PublisherError(.unavailable, "too large", hint: hugeHint))),
        Case(
            testDescription: "a huge answer when it is read back", method: .get, part: secret, fault: .failed(huge),
            outcome: .unknown(PublisherError(.unavailable, done + "too large", hint: hugeHint))),
        Case(
            testDescription: "a page for people", method: .get, part: key,
            fault: .answer(200, "<html>", type: "text/html"),
            outcome: .rejected(
                PublisherError(.unavailable, "the answer of GitHub is not an object of JSON", hint: noAPI)),
            isWritten: false),
        Case(
            testDescription: "garbage for the key", method: .get, part: key, fault: .answer(200, "\u{0}\u{1}{"),
            outcome: .rejected(
                PublisherError(.unavailable, "the answer of GitHub is not an object of JSON", hint: noAPI)),
            isWritten: false),
        Case(
            testDescription: "a list for the key", method: .get, part: key, fault: .answer(200, "[]"),
            outcome: .rejected(
                PublisherError(.unavailable, "the answer of GitHub is not an object of JSON", hint: noAPI)),
            isWritten: false),
        Case(
            testDescription: "no key id", method: .get, part: key,
            fault: .answer(200, #"{"key_id": 1, "key": ""}"#),
            outcome: .rejected(PublisherError(.unavailable, "the answer of GitHub is without key_id", hint: noAPI)),
            isWritten: false),
        Case(
            testDescription: "a short key", method: .get, part: key,
            fault: .answer(200, #"{"key_id": "1", "key": "AAAA"}"#),
            outcome: .rejected(
                PublisherError(.unavailable, "the answer of GitHub is without a key of 32 bytes", hint: noAPI)),
            isWritten: false),
        Case(
            testDescription: "a key that nothing can be sealed to", method: .get, part: key,
            fault: .answer(
                200, #"{"key_id": "1", "key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}"#),
            outcome: .rejected(
                PublisherError(
                    .unavailable, "nothing can be sealed to the public key that GitHub gives for acme/web",
                    hint: noAPI)), isWritten: false),
        Case(
            testDescription: "garbage when it is read back", method: .get, part: secret, fault: .answer(200, "{"),
            outcome: .unknown(
                PublisherError(
                    .unavailable, done + "the answer of GitHub is not an object of JSON", hint: noAPI))),
        Case(
            testDescription: "no time when it is read back", method: .get, part: secret,
            fault: .answer(200, #"{"updated_at": "yesterday"}"#),
            outcome: .unknown(
                PublisherError(
                    .unavailable, done + "the answer of GitHub is without updated_at", hint: noAPI))),
        Case(
            testDescription: "a teapot", method: .put, part: secret, fault: .answer(418, #"{"message": "no"}"#),
            outcome: .rejected(
                PublisherError(
                    .internal, "GitHub refuses to write the secret TOKEN of acme/web (418: no)",
                    hint: "check whether the address is that of its API")), isWritten: false),
        Case(
            testDescription: "a success that is none", method: .put, part: secret, fault: .answer(200, "{}"),
            outcome: .unknown(
                PublisherError(
                    .unavailable, "GitHub answers something unexpected to write the secret TOKEN of acme/web (200)",
                    hint: noAPI)), isWritten: false),
    ]

    @Test("each failure has its outcome, and none that follows a write is called a refusal", arguments: cases)
    func fails(_ test: Case) {
        let fixture = GitHubFixture()
        fixture.fail(test.method, at: test.part, times: test.times, test.fault)
        let answer = fixture.publisher().answer(.publish, fixture.request(Self.with))
        #expect(answer.outcome == test.outcome)
        let secret = fixture.github { sandbox, _ in
            sandbox.plaintext(scope: .repository("acme/web"), name: "TOKEN")
        }
        #expect(secret == (test.isWritten ? SampleKeys.successor : nil))
        #expect(fixture.slept >= test.wait && fixture.slept <= 8)
        #expect((answer.outcome == .committed) == (answer.receipt != nil))
        guard case .unknown = answer.outcome else { return }
        // Asked again with the same operation, it is done.
        let again = fixture.publisher().answer(.publish, fixture.request(Self.with))
        #expect(again.outcome == .committed, "\(again)")
    }

    @Test("a write that GitHub made although it said 500 is settled by writing again")
    func settles() {
        let fixture = GitHubFixture()
        fixture.fail(
            .put, at: Self.secret,
            .changedAnswer { response in
                response.status = 500
                response.body = []
            })
        let answer = fixture.publisher().answer(.publish, fixture.request(Self.with))
        #expect(answer.outcome == .committed)
        // It was created, as nobody can know.
        #expect(answer.receipt?["change"] == nil && answer.message == "wrote the secret TOKEN of acme/web")
    }

    @Test("a public key that was replaced is fetched once more, for all that come after")
    func renewsTheKey() {
        let fixture = GitHubFixture()
        let publisher = fixture.publisher()
        #expect(publisher.answer(.publish, fixture.request(Self.with, SampleKeys.predecessor)).outcome == .committed)
        fixture.github { sandbox, _ in sandbox.replacePublicKeys() }
        _ = fixture.takeAsked()
        #expect(publisher.answer(.publish, fixture.request(Self.with)).outcome == .committed)
        let path = "/repos/acme/web/actions/secrets"
        #expect(
            fixture.takeAsked() == [
                "PUT \(path)/TOKEN", "GET \(path)/public-key", "PUT \(path)/TOKEN", "GET \(path)/TOKEN",
            ])
        #expect(publisher.answer(.publish, fixture.request(Self.with)).outcome == .committed)
        #expect(fixture.takeAsked().count == 2)
    }

    @Test("a write that is refused for another reason is not sent again")
    func doesNotInsist() {
        let fixture = GitHubFixture()
        fixture.fail(.put, at: Self.secret, .answer(422, #"{"message": "Value is too large."}"#))
        let answer = fixture.publisher().answer(.publish, fixture.request(Self.with))
        #expect(
            answer.outcome
                == .rejected(
                    PublisherError(
                        .configuration,
                        "GitHub refuses to write the secret TOKEN of acme/web (422: Value is too large.)",
                        hint: "look at the target's settings", field: "with.name")))
        #expect(fixture.takeAsked().count == 3)
    }

    @Test("a doubt of the first try stays when a second key does not help", arguments: [true, false])
    func keepsTheDoubt(_ isReplaced: Bool) {
        let fixture = GitHubFixture()
        let publisher = fixture.publisher()
        if isReplaced {
            fixture.fail(.get, at: Self.key, .later { sandbox, _ in sandbox.replacePublicKeys() })
            fixture.fail(.get, at: Self.key, .later { _, _ in })
        }
        fixture.fail(.put, at: Self.secret, .lostReply)
        fixture.fail(.put, at: Self.secret, .answer(422, #"{"message": "stale"}"#))
        fixture.fail(.put, at: Self.secret, .answer(403, #"{"message": "no"}"#))
        let answer = publisher.answer(.publish, fixture.request(Self.with))
        let words = isReplaced ? "403: no" : "422: stale"
        guard case .unknown(let error) = answer.outcome else {
            Issue.record("\(answer)")
            return
        }
        #expect(error.message == "GitHub refuses to write the secret TOKEN of acme/web (\(words))")
    }

    @Test("a write that a second key brought through after a lost one is not said to have updated anything")
    func doubtsAfterASecondKey() {
        let fixture = GitHubFixture()
        fixture.fail(.get, at: Self.key, .later { sandbox, _ in sandbox.replacePublicKeys() })
        fixture.fail(.put, at: Self.secret, .lostReply)
        fixture.fail(.put, at: Self.secret, .answer(422, #"{"message": "stale"}"#))
        let answer = fixture.publisher().answer(.publish, fixture.request(Self.with))
        #expect(answer.outcome == .committed, "\(answer)")
        #expect(answer.receipt?["change"] == nil)
    }

    @Test("an address that is not the API's is told as such")
    func tellsAWrongAddress() {
        let fixture = GitHubFixture()
        let page = GitHubFixture.Fault.answer(404, "<html>Not Found", type: "text/html")
        fixture.fail(.get, at: "acme/web", page)
        let answer = fixture.publisher().answer(.publish, fixture.request(Self.with))
        #expect(
            answer.outcome
                == .rejected(
                    PublisherError(.unavailable, "the answer of GitHub is not one of its API", hint: Self.noAPI)))
    }

    @Test(
        "a token or a secret is in no answer, even if GitHub repeats them",
        arguments: [400, 403, 404, 409, 418, 422, 429, 500])
    func tellsNoSecret(_ status: Int) throws {
        let fixture = GitHubFixture()
        let token = try #require(fixture.github { sandbox, _ in sandbox.token }.revealed())
        // Of no form that is known for a key.
        let key = "a value of somebody"
        let echo = GitHubFixture.Fault.answer(
            status, #"{"message": "you sent \#(token) and \#(key), \#(token)"}"#)
        // The value is known in the request that sends it; nothing else can make GitHub know it.
        fixture.fail(.put, at: Self.secret, times: 5, echo)
        let answer = fixture.publisher().answer(.publish, fixture.request(Self.with, Secret(key)))
        #expect(answer.outcome.error != nil)
        #expect(!"\(answer)".contains(token) && !"\(answer)".contains(key), "\(answer)")
        #expect("\(answer)".contains("you sent") == (400..<429).contains(status), "\(answer)")
    }
}
