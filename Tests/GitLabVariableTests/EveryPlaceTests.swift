import GitLabSandbox
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_gitlab_variable

/// The central faults, at each place that can hold a variable, made and changed.
@Suite(.tags(.values)) struct EveryPlaceTests {
    let fixture = GitLabFixture()
    private static let writes = [HTTPRequest.Method.post, .put]
    private static let limit = GitLabFixture.Fault.answer(
        429, "Retry later\n", type: "text/plain", headers: ["retry-after": "600"])

    /// Something to change, if it is to be changed.
    private func prepare(_ place: PlaceCase, _ method: HTTPRequest.Method) {
        guard method == .put else { return }
        fixture.gitlab {
            $0.setVariable(
                "TOKEN", SampleKeys.text(SampleKeys.predecessor), of: place.owner, environmentScope: place.scope)
        }
    }

    private func held(_ place: PlaceCase) -> String? {
        let lines = PlaceTests.line(fixture, place.owner)
        #expect(lines.count <= 1)
        return lines.first.map { String($0.dropFirst("TOKEN \(place.scope) ".count).prefix { $0 != " " }) }
    }

    @Test("a write whose answer gets lost ends in one effect", arguments: PlaceCase.all, writes)
    func lostReply(_ place: PlaceCase, _ method: HTTPRequest.Method) {
        prepare(place, method)
        fixture.fail(method, .lostReply)
        let answer = fixture.ask(.publish, place.with(fixture))
        #expect(answer.outcome == .committed)
        // A creation is found by reading. A change is sent again, and nobody knows which of the two has done it.
        #expect(answer.receipt?["change"] == (method == .post ? "created" : nil))
        let word = method == .post ? "created" : "wrote"
        #expect(answer.message == "\(word) TOKEN of \(place.name(fixture))")
        #expect(held(place) == "successor")
        #expect(fixture.ask(.publish, place.with(fixture)).outcome == .unchanged)
    }

    @Test("a limit before a write is waited for, or nothing is written", arguments: PlaceCase.all, writes)
    func limitBefore(_ place: PlaceCase, _ method: HTTPRequest.Method) {
        prepare(place, method)
        let before = held(place)
        fixture.fail(method, Self.limit)
        guard case .rejected(let error) = fixture.ask(.publish, place.with(fixture)).outcome else {
            Issue.record("written beyond the deadline")
            return
        }
        #expect(error.code == .rateLimited && error.retryAfter == 600)
        #expect(held(place) == before)
        fixture.fail(method, Self.limit)
        let answer = fixture.ask(.publish, place.with(fixture), within: 1000)
        #expect(answer.receipt?["change"] == .string(method == .post ? "created" : "updated"))
        #expect(fixture.slept == 600)
    }

    @Test("a limit after a lost write, beyond the deadline, leaves the doubt", arguments: PlaceCase.all, writes)
    func limitAfter(_ place: PlaceCase, _ method: HTTPRequest.Method) {
        prepare(place, method)
        fixture.fail(method, .lostReply)
        if method == .put {
            fixture.fail(.put, Self.limit)
        } else {
            // The reading before, and in a group that of the other scopes.
            if case .group = place.owner { fixture.fail(.get, .after { _ in }) }
            fixture.fail(.get, .after { _ in })
            fixture.fail(.get, Self.limit)
        }
        guard case .unknown(let error) = fixture.ask(.publish, place.with(fixture)).outcome else {
            Issue.record("no doubt")
            return
        }
        #expect(error.code == .rateLimited && error.retryAfter == 600)
        #expect(held(place) == "successor")
    }

    @Test(
        "another value stays, also when it comes between reading and making", arguments: PlaceCase.all, [true, false])
    func conflict(_ place: PlaceCase, _ comesBetween: Bool) {
        let set: @Sendable (inout GitLabSandbox) -> Void = {
            $0.setVariable("TOKEN", SampleKeys.text(SampleKeys.foreign), of: place.owner, environmentScope: place.scope)
        }
        if comesBetween { fixture.fail(.post, .before(set)) } else { fixture.gitlab { set(&$0) } }
        guard case .rejected(let error) = fixture.ask(.publish, place.with(fixture)).outcome else {
            Issue.record("no conflict")
            return
        }
        #expect(error.code == .conflict && held(place) == "foreign")
    }

    @Test("garbage after a write is settled by reading", arguments: PlaceCase.all, writes)
    func garbage(_ place: PlaceCase, _ method: HTTPRequest.Method) {
        for (body, type) in [("<html>", "text/html"), ("{", "application/json"), ("[]", "application/json")] {
            let fixture = GitLabFixture()
            if method == .put {
                fixture.gitlab {
                    $0.setVariable(
                        "TOKEN", SampleKeys.text(SampleKeys.predecessor), of: place.owner, environmentScope: place.scope
                    )
                }
            }
            fixture.fail(method, .garbled(method == .post ? 201 : 200, body, type: type))
            let answer = fixture.ask(.publish, place.with(fixture))
            #expect(answer.outcome == .committed)
            #expect(answer.receipt?["change"] == .string(method == .post ? "created" : "updated"))
        }
    }

    @Test("a wrong token is refused, and nothing is written", arguments: PlaceCase.all, Verb.basic)
    func wrongToken(_ place: PlaceCase, _ verb: Verb) {
        prepare(place, .put)
        guard case .rejected(let error) = fixture.ask(verb, place.with(fixture), token: Secret("glpat-no")).outcome
        else {
            Issue.record("not refused")
            return
        }
        #expect(error.code == .denied && held(place) == "predecessor")
    }

    @Test("a page in the place of a refusal is not taken for a variable that is missing", arguments: PlaceCase.all)
    func page(_ place: PlaceCase) {
        let page = GitLabFixture.Fault.answer(404, "<html>Variable Not Found</html>", type: "text/html")
        let error = PublisherError(
            .configuration, "there is no GitLab API at this address (404)",
            hint: "the address of the API ends in /api/v4, as https://gitlab.example/api/v4", field: "with.url")
        for verb in Verb.basic {
            fixture.fail(.get, page)
            #expect(fixture.ask(verb, place.with(fixture)) == PublisherAnswer(.rejected(error)))
        }
        if case .group = place.owner {
            // Where the key is looked for under other scopes.
            fixture.fail(.get, .after { _ in })
            fixture.fail(.get, page)
            #expect(fixture.ask(.publish, place.with(fixture)) == PublisherAnswer(.rejected(error)))
        }
        #expect(held(place) == nil)
        prepare(place, .put)
        fixture.fail(.put, page)
        #expect(fixture.ask(.publish, place.with(fixture)) == PublisherAnswer(.rejected(error)))
        #expect(held(place) == "predecessor")
    }
}
