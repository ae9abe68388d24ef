import FoundationEssentials
import GitHubSandbox
import HTTP
import JSON
import PublisherKit
import TestSupport
import Testing

@testable import ork_publisher_github_secret

/// Limits are waited out where there is time, and told where there is none.
@Suite(.tags(.values)) struct RateLimitTests {
    struct Limit: CustomTestStringConvertible {
        let testDescription: String
        var status = 403
        var headers: [String: String] = [:]
        var message = "no"
        /// How long each of three such answers in a row makes everybody wait; `nil` if it is no limit.
        let waits: [TimeInterval]?

        var fault: GitHubFixture.Fault { .answer(status, #"{"message": "\#(message)"}"#, headers: headers) }
    }

    private static let secondary = "You have exceeded a secondary rate limit. Please wait a few minutes."

    private static func reset(_ seconds: TimeInterval) -> [String: String] {
        let moment = Int(GitHubFixture.beginning.timeIntervalSince1970 + seconds)
        return ["x-ratelimit-remaining": "0", "x-ratelimit-reset": "\(moment)"]
    }

    static let limits: [Limit] = [
        Limit(testDescription: "Retry-After", headers: ["retry-after": "30"], waits: [30, 30, 30]),
        Limit(testDescription: "429 and Retry-After", status: 429, headers: ["retry-after": "7"], waits: [7, 7, 7]),
        Limit(testDescription: "Retry-After: 0", headers: ["retry-after": "0"], waits: [1, 1, 1]),
        Limit(
            testDescription: "Retry-After goes before the hour's end",
            headers: reset(600).merging(["retry-after": "30"]) { $1 }, waits: [30, 30, 30]),
        Limit(
            testDescription: "the hour is used up", headers: reset(600),
            message: "API rate limit exceeded for user ID 1.", waits: [600, 1, 1]),
        Limit(testDescription: "429, the hour is used up", status: 429, headers: reset(600), waits: [600, 1, 1]),
        Limit(
            testDescription: "an hour that is over", headers: reset(-600), message: secondary, waits: [1, 1, 1]),
        Limit(testDescription: "only words", message: secondary, waits: [60, 120, 240]),
        Limit(
            testDescription: "older words", message: "You have triggered an abuse detection mechanism.",
            waits: [60, 120, 240]),
        Limit(testDescription: "429 without a word", status: 429, message: "", waits: [60, 120, 240]),
        Limit(
            testDescription: "requests are left", headers: ["x-ratelimit-remaining": "9"], message: secondary,
            waits: [60, 120, 240]),
        Limit(
            testDescription: "the last request is forbidden", headers: reset(600),
            message: "Resource not accessible by integration", waits: nil),
        Limit(
            testDescription: "the last request of another token is forbidden", headers: ["retry-after": "30"],
            message: "Resource not accessible by personal access token", waits: nil),
        Limit(
            testDescription: "the last request lacks a sign-on",
            headers: reset(600).merging(["x-github-sso": "required; url=https://github.com/orgs/acme/sso?x=1"]) { $1 },
            message: "Resource protected by organization SAML enforcement.", waits: nil),
        Limit(testDescription: "a plain refusal", headers: ["x-ratelimit-remaining": "9"], waits: nil),
    ]

    @Test("a limit is waited out by its kind", arguments: limits, [HTTPRequest.Method.get, .put])
    func waits(_ limit: Limit, _ method: HTTPRequest.Method) {
        let fixture = GitHubFixture()
        let part = method == .get ? "public-key" : "secrets/TOKEN"
        fixture.fail(method, at: part, times: 3, limit.fault)
        let answer = fixture.publisher().answer(
            .publish, fixture.request(["name": "TOKEN", "repository": "acme/web"], within: 3600))
        guard let waits = limit.waits else {
            #expect(answer.outcome.error?.code == .denied)
            #expect(fixture.slept == 0)
            return
        }
        #expect(answer.outcome == .committed, "\(answer)")
        // Each answer takes a twentieth of a second, and GitHub's clock has no fractions.
        #expect(abs(fixture.slept - waits.reduce(0, +)) < 2, "\(fixture.slept)")
    }

    @Test(
        "a limit beyond the deadline is told with the time to come back, and nothing was written",
        arguments: [HTTPRequest.Method.get, .put])
    func tells(_ method: HTTPRequest.Method) {
        let fixture = GitHubFixture()
        let part = method == .get ? "public-key" : "secrets/TOKEN"
        fixture.fail(method, at: part, .answer(429, headers: ["retry-after": "500"]))
        let with: JSONObject = ["name": "TOKEN", "repository": "acme/web"]
        let publisher = fixture.publisher()
        let answer = publisher.answer(.publish, fixture.request(with))
        func limited(_ seconds: Int) -> PublisherError {
            PublisherError(
                .rateLimited, "GitHub allows no more requests for \(seconds) s",
                hint: "run the step again after that; it goes on with what is missing", retryAfter: seconds)
        }
        #expect(answer.outcome == .rejected(limited(500)))
        // All targets of the process keep to it, and GitHub is left alone.
        _ = fixture.takeAsked()
        fixture.pass(100)
        let other = publisher.answer(.publish, fixture.request(["name": "TOKEN", "repository": "acme/api"]))
        #expect(other.outcome == .rejected(limited(400)))
        #expect(fixture.takeAsked().isEmpty)
        fixture.pass(400)
        #expect(publisher.answer(.publish, fixture.request(with)).outcome == .committed)
    }

    @Test("a limit after the write leaves no certainty")
    func isUncertainAfterTheWrite() {
        let fixture = GitHubFixture()
        fixture.fail(.get, at: "secrets/TOKEN", .answer(429, headers: ["retry-after": "500"]))
        let answer = fixture.publisher().answer(.publish, fixture.request(["name": "TOKEN", "repository": "acme/web"]))
        guard case .unknown(let error) = answer.outcome else {
            Issue.record("\(answer)")
            return
        }
        #expect(error.code == .rateLimited && error.retryAfter == 500)
        #expect(
            error.message == "the secret TOKEN of acme/web is written, but GitHub allows no more requests for 500 s")
    }

    @Test("the end of a limit is read by GitHub's own clock", arguments: [-1000, 1000])
    func readsTheSendersClock(_ ahead: TimeInterval) {
        let fixture = GitHubFixture()
        fixture.setFront(ahead: ahead)
        fixture.fail(.get, at: "public-key", .answer(403, headers: Self.reset(ahead + 600)))
        let answer = fixture.publisher().answer(
            .check, fixture.request(["name": "TOKEN", "repository": "acme/web"], within: 3600))
        #expect(answer.outcome == .ready, "\(answer)")
        #expect(abs(fixture.slept - 600) < 2, "\(fixture.slept)")
    }

    @Test("a write whose answer is lost, and a limit beyond the deadline, leave no certainty")
    func isUncertainAfterALostReply() {
        let fixture = GitHubFixture()
        fixture.fail(.put, at: "secrets/TOKEN", .lostReply)
        fixture.fail(.put, at: "secrets/TOKEN", .answer(429, headers: ["retry-after": "500"]))
        let answer = fixture.publisher().answer(.publish, fixture.request(["name": "TOKEN", "repository": "acme/web"]))
        guard case .unknown(let error) = answer.outcome else {
            Issue.record("\(answer)")
            return
        }
        #expect(error.code == .rateLimited && error.retryAfter == 500)
    }

    @Test("the hour's own limit is obeyed by its reset")
    func obeysThePrimaryLimit() {
        let fixture = GitHubFixture()
        fixture.github { sandbox, _ in sandbox.primaryLimit = 2 }
        let with: JSONObject = ["name": "TOKEN", "repository": "acme/web"]
        let short = fixture.publisher().answer(.publish, fixture.request(with, within: 60))
        guard case .unknown(let error) = short.outcome else {
            Issue.record("\(short)")
            return
        }
        #expect(error.code == .rateLimited)
        #expect((3598...3601).contains(error.retryAfter ?? 0), "\(error)")
        let long = fixture.publisher().answer(.publish, fixture.request(with, within: 3 * 3600))
        #expect(long.outcome == .committed, "\(long)")
        #expect(fixture.slept > 3500)
    }
}
