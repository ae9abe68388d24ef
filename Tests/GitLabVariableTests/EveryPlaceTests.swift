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
    let world = World()
    private static let writes = [HTTPRequest.Method.post, .put]
    private static let limit = World.Fault.answer(
        429, "Retry later\n", type: "text/plain", headers: ["retry-after": "600"])

    /// Something to change, if it is to be changed.
    private func prepare(_ place: PlaceCase, _ method: HTTPRequest.Method) {
        guard method == .put else { return }
        world.gitlab {
            $0.setVariable("TOKEN", Keys.text(Keys.predecessor), of: place.owner, environmentScope: place.scope)
        }
    }

    private func held(_ place: PlaceCase) -> String? {
        let lines = PlaceTests.line(world, place.owner)
        #expect(lines.count <= 1)
        return lines.first.map { String($0.dropFirst("TOKEN \(place.scope) ".count).prefix { $0 != " " }) }
    }

    @Test("a write whose answer gets lost ends in one effect", arguments: PlaceCase.all, writes)
    func lostReply(_ place: PlaceCase, _ method: HTTPRequest.Method) {
        prepare(place, method)
        world.fail(method, .lostReply)
        let answer = world.ask(.publish, place.with(world))
        #expect(answer.outcome == .committed)
        // A creation is found by reading. A change is sent again, and nobody knows which of the two has done it.
        #expect(answer.receipt?["change"] == (method == .post ? "created" : nil))
        let word = method == .post ? "created" : "wrote"
        #expect(answer.message == "\(word) TOKEN of \(place.name(world))")
        #expect(held(place) == "successor")
        #expect(world.ask(.publish, place.with(world)).outcome == .unchanged)
    }

    @Test("a limit before a write is waited for, or nothing is written", arguments: PlaceCase.all, writes)
    func limitBefore(_ place: PlaceCase, _ method: HTTPRequest.Method) {
        prepare(place, method)
        let before = held(place)
        world.fail(method, Self.limit)
        guard case .rejected(let error) = world.ask(.publish, place.with(world)).outcome else {
            Issue.record("written beyond the deadline")
            return
        }
        #expect(error.code == .rateLimited && error.retryAfter == 600)
        #expect(held(place) == before)
        world.fail(method, Self.limit)
        let answer = world.ask(.publish, place.with(world), within: 1000)
        #expect(answer.receipt?["change"] == .string(method == .post ? "created" : "updated"))
        #expect(world.slept == 600)
    }

    @Test("a limit after a lost write, beyond the deadline, leaves the doubt", arguments: PlaceCase.all, writes)
    func limitAfter(_ place: PlaceCase, _ method: HTTPRequest.Method) {
        prepare(place, method)
        world.fail(method, .lostReply)
        if method == .put {
            world.fail(.put, Self.limit)
        } else {
            // The reading before, and in a group that of the other scopes.
            if case .group = place.owner { world.fail(.get, .after { _ in }) }
            world.fail(.get, .after { _ in })
            world.fail(.get, Self.limit)
        }
        guard case .unknown(let error) = world.ask(.publish, place.with(world)).outcome else {
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
            $0.setVariable("TOKEN", Keys.text(Keys.foreign), of: place.owner, environmentScope: place.scope)
        }
        if comesBetween { world.fail(.post, .before(set)) } else { world.gitlab { set(&$0) } }
        guard case .rejected(let error) = world.ask(.publish, place.with(world)).outcome else {
            Issue.record("no conflict")
            return
        }
        #expect(error.code == .conflict && held(place) == "foreign")
    }

    @Test("garbage after a write is settled by reading", arguments: PlaceCase.all, writes)
    func garbage(_ place: PlaceCase, _ method: HTTPRequest.Method) {
        for (body, type) in [("<html>", "text/html"), ("{", "application/json"), ("[]", "application/json")] {
            let world = World()
            if method == .put {
                world.gitlab {
                    $0.setVariable(
                        "TOKEN", Keys.text(Keys.predecessor), of: place.owner, environmentScope: place.scope)
                }
            }
            world.fail(method, .garbled(method == .post ? 201 : 200, body, type: type))
            let answer = world.ask(.publish, place.with(world))
            #expect(answer.outcome == .committed)
            #expect(answer.receipt?["change"] == .string(method == .post ? "created" : "updated"))
        }
    }

    @Test("a wrong token is refused, and nothing is written", arguments: PlaceCase.all, Verb.allCases)
    func wrongToken(_ place: PlaceCase, _ verb: Verb) {
        prepare(place, .put)
        guard case .rejected(let error) = world.ask(verb, place.with(world), token: Secret("glpat-no")).outcome else {
            Issue.record("not refused")
            return
        }
        #expect(error.code == .denied && held(place) == "predecessor")
    }

    @Test("a page in the place of a refusal is not taken for a variable that is missing", arguments: PlaceCase.all)
    func page(_ place: PlaceCase) {
        let page = World.Fault.answer(404, "<html>Variable Not Found</html>", type: "text/html")
        let error = PublisherError(
            .configuration, "there is no GitLab API at this address (404)",
            hint: "the address of the API ends in /api/v4, as https://gitlab.example/api/v4", field: "with.url")
        for verb in Verb.allCases {
            world.fail(.get, page)
            #expect(world.ask(verb, place.with(world)) == PublisherAnswer(.rejected(error)))
        }
        if case .group = place.owner {
            // Where the key is looked for under other scopes.
            world.fail(.get, .after { _ in })
            world.fail(.get, page)
            #expect(world.ask(.publish, place.with(world)) == PublisherAnswer(.rejected(error)))
        }
        #expect(held(place) == nil)
        prepare(place, .put)
        world.fail(.put, page)
        #expect(world.ask(.publish, place.with(world)) == PublisherAnswer(.rejected(error)))
        #expect(held(place) == "predecessor")
    }
}
