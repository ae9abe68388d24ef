import FoundationEssentials
import GitHubSandbox
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_github_secret

/// Only GitHub itself can say that something is not there; a page of a proxy that says 404 cannot.
@Suite(.tags(.values)) struct NotFoundTests {
    private static let page = GitHubFixture.Fault.answer(
        404, "<html>no backend</html>", type: "text/html")
    private static let error = PublisherError(
        .unavailable, "the answer of GitHub is not one of its API",
        hint: "check whether its address is that of the API, and whether a proxy answers in its place")
    private static let with: JSONObject = [
        "name": "TOKEN", "organization": "acme", "visibility": "selected", "selected_repositories": ["web", "api"],
        "companion": "TOKEN_STATE",
    ]

    private static func scene() -> (fixture: GitHubFixture, stored: @Sendable () -> StoredSecret?) {
        let fixture = GitHubFixture()
        let first = fixture.publisher().answer(.publish, fixture.request(with, SampleKeys.predecessor))
        #expect(first.outcome == .committed)
        fixture.pass(60)
        return (
            fixture,
            { fixture.github { sandbox, _ in sandbox.stored(scope: .organisation("acme"), name: "TOKEN") } }
        )
    }

    @Test(
        "a page in the place of an answer stops what would write",
        arguments: [
            (HTTPRequest.Method.get, "public-key"), (.get, "secrets/TOKEN"), (.get, "/repositories?"),
            (.get, "TOKEN_STATE"), (.put, "secrets/TOKEN"),
        ])
    func writesNothing(_ method: HTTPRequest.Method, _ part: String) {
        let (fixture, stored) = Self.scene()
        var with = Self.with
        // As it would be made if it were not there.
        with["visibility"] = "all"
        with["selected_repositories"] = nil
        fixture.fail(method, at: part, Self.page)
        let answer = fixture.publisher().answer(.publish, fixture.request(with, expect: [SampleKeys.predecessor]))
        #expect(answer.outcome == .rejected(Self.error), "\(answer)")
        #expect(stored()?.plaintext == SampleKeys.predecessor)
        #expect(stored()?.visibility == .selected && stored()?.selected.count == 2)
    }

    @Test("a page in the place of the companion lets no older rotation write")
    func keepsOlderOnesOut() {
        let fixture = GitHubFixture()
        let older = GitHubFixture.rotation(at: fixture.now)
        fixture.pass(60)
        let with: JSONObject = ["name": "TOKEN", "repository": "acme/web", "companion": "TOKEN_STATE"]
        #expect(fixture.publisher().answer(.publish, fixture.request(with)).outcome == .committed)
        fixture.fail(.get, at: "TOKEN_STATE", Self.page)
        let answer = fixture.publisher().answer(
            .publish, fixture.request(with, SampleKeys.predecessor, rotation: older))
        #expect(answer.outcome == .rejected(Self.error), "\(answer)")
    }

    @Test(
        "a page after the write leaves no certainty",
        arguments: [(HTTPRequest.Method.patch, "TOKEN_STATE"), (.get, "secrets/TOKEN")])
    func isUncertainAfterTheWrite(_ method: HTTPRequest.Method, _ part: String) {
        let (fixture, stored) = Self.scene()
        // The secret and its list of repositories are read before.
        if method == .get { fixture.fail(.get, at: part, times: 2, .later { _, _ in }) }
        fixture.fail(method, at: part, times: method == .get ? 5 : 1, Self.page)
        let answer = fixture.publisher().answer(.publish, fixture.request(Self.with, expect: [SampleKeys.predecessor]))
        var error = Self.error
        error.message = "the secret TOKEN of the organization acme is written, but \(error.message)"
        #expect(answer.outcome == .unknown(error), "\(answer)")
        #expect(stored()?.plaintext == SampleKeys.successor)
    }

    @Test("a page does not make a secret absent", arguments: ["secrets/TOKEN", "TOKEN_STATE"])
    func isNotAbsent(_ part: String) {
        let (fixture, _) = Self.scene()
        fixture.fail(.get, at: part, Self.page)
        let answer = fixture.publisher().answer(.verify, fixture.request(Self.with, SampleKeys.predecessor))
        #expect(answer.outcome == .rejected(Self.error), "\(answer)")
    }

    @Test("a page does not make a repository missing")
    func isNotMissing() {
        let fixture = GitHubFixture()
        fixture.fail(.get, at: "public-key", .answer(404, #"{"message": "Not Found"}"#))
        fixture.fail(.get, at: "repos/acme/web", Self.page)
        let answer = fixture.publisher().answer(.check, fixture.request(["name": "TOKEN", "repository": "acme/web"]))
        #expect(answer.outcome == .rejected(Self.error), "\(answer)")
    }
}
