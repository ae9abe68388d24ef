import GitLabSandbox
import HTTP
import JSON
import PublisherKit
import TestSupport
import Testing

@testable import ork_publisher_gitlab_variable

/// What GitLab makes is compared with what it was asked to make.
@Suite(.tags(.values)) struct HiddenTests {
    let fixture = GitLabFixture()
    private static let places = [PlaceCase.project, .production, .group, .groupProduction]

    private func with(_ place: PlaceCase) -> JSONObject {
        var with = place.with(fixture)
        with["hidden"] = true
        return with
    }

    private func error(_ place: PlaceCase, isGone: Bool) -> PublisherError {
        PublisherError(
            .configuration,
            "GitLab made TOKEN of \(place.name(fixture)) readable where it is to be hidden; it was "
                + (isGone ? "removed again" : "not possible to remove it"),
            hint: (isGone ? "" : "remove it; ")
                + "hidden variables need GitLab 17.4: update it, or leave 'hidden' out", field: "with.hidden")
    }

    @Test("a hidden variable is asked for as a masked one, too", arguments: places)
    func body(_ place: PlaceCase) throws {
        _ = fixture.ask(.publish, with(place))
        let body = try JSONValue(parsing: try #require(fixture.takeBodies().first))
        #expect(body["masked"] == true && body["masked_and_hidden"] == true)
    }

    @Test("a GitLab that cannot hide is refused, and what it made does not stay", arguments: places)
    func older(_ place: PlaceCase) {
        fixture.gitlab {
            $0.version = "17.3.0"
            $0.setVariable("TOKEN", SampleKeys.text(SampleKeys.foreign), of: place.owner, environmentScope: "beside")
        }
        #expect(fixture.ask(.publish, with(place)) == PublisherAnswer(.rejected(error(place, isGone: true))))
        #expect(PlaceTests.line(fixture, place.owner) == ["TOKEN beside foreign "])
    }

    @Test("so it is if the answer to the creation gets lost")
    func lost() {
        fixture.gitlab { $0.version = "17.3.0" }
        fixture.fail(.post, .lostReply)
        #expect(
            fixture.ask(.publish, with(.project)) == PublisherAnswer(.rejected(error(.project, isGone: true))))
        #expect(PlaceTests.line(fixture, .project("acme/web")).isEmpty)
    }

    @Test(
        "what cannot be removed is masked, and told, and the next try tells it, too",
        arguments: [
            GitLabFixture.Fault.lostRequest, .answer(403, #"{"message": "403 Forbidden"}"#),
            .answer(404, "<html>", type: "text/html"), .answer(502, ""),
        ])
    func stays(_ fault: GitLabFixture.Fault) {
        fixture.gitlab { $0.version = "17.3.0" }
        fixture.fail(.delete, times: 5, fault)
        #expect(
            fixture.ask(.publish, with(.project)) == PublisherAnswer(.unknown(error(.project, isGone: false))))
        #expect(PlaceTests.line(fixture, .project("acme/web")) == ["TOKEN * successor masked raw "])
        let again = fixture.ask(.publish, with(.project))
        #expect(again.outcome == .unchanged)
        #expect(
            again.message
                == "TOKEN of project acme/web holds the key already; left as it is: hidden is false, not true")
    }

    @Test("a lost answer to the removal is asked for again")
    func removedTwice() {
        fixture.gitlab { $0.version = "17.3.0" }
        fixture.fail(.delete, .lostReply)
        #expect(
            fixture.ask(.publish, with(.project)) == PublisherAnswer(.rejected(error(.project, isGone: true))))
    }

    private static let differences: [(member: String, note: String)] = [
        ("masked", "masked is false, not true"), ("raw", "raw is false, not true"),
        ("protected", "protected is false, not true"),
        ("variable_type", "variable_type is env_var, not file"),
    ]

    @Test(
        "what a new variable lacks is told", arguments: differences, [PlaceCase.project, .groupProduction, .instance])
    func lacks(_ difference: (member: String, note: String), _ place: PlaceCase) throws {
        var with = place.with(fixture)
        with["protected"] = true
        with["variable_type"] = "file"
        fixture.fail(
            .post,
            .changedRequest { request in
                var body = request.body.flatMap { try? JSONValue(parsing: $0) }?.object ?? [:]
                #expect(body[difference.member] != nil)
                body[difference.member] = nil
                request.body = JSONValue.object(body).bytes()
            })
        let answer = fixture.ask(.publish, with)
        #expect(answer.outcome == .committed && answer.receipt?["change"] == "created")
        #expect(
            answer.message == "created TOKEN of \(place.name(fixture)); GitLab made it otherwise: \(difference.note)")
    }

    @Test("an answer that leaves out the flags does not pass for one that has them")
    func silent() {
        fixture.fail(
            .post,
            .garbled(
                201,
                #"{"key": "TOKEN", "value": "\#(SampleKeys.text(SampleKeys.successor))", "environment_scope": "*"}"#))
        #expect(
            fixture.ask(.publish, PlaceCase.project.with(fixture)).message
                == "created TOKEN of project acme/web; GitLab made it otherwise: masked is false, not true,"
                + " raw is false, not true")
    }
}
