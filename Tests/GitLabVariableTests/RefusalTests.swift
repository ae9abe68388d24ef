import FoundationEssentials
import GitLabSandbox
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_gitlab_variable

/// What is refused, and what is said of it. Nothing is written in any of these.
@Suite(.tags(.values)) struct RefusalTests {
    @Test(
        "what is in the way is told, with what to do",
        arguments: RefusalCase.tokens + RefusalCase.places + RefusalCase.values)
    func told(_ example: RefusalCase) {
        for verb in example.verbs {
            let fixture = GitLabFixture()
            let token = example.obstacle(fixture)
            let before = PlaceTests.line(fixture, .project("acme/web")) + PlaceTests.line(fixture, .group("acme"))
            var error = example.error
            let purpose = example.purposes[verb] ?? ""
            error.message = error.message.split(separator: "PURPOSE", omittingEmptySubsequences: false)
                .joined(separator: purpose)
            #expect(fixture.ask(verb, example.with, token: token) == PublisherAnswer(.rejected(error)), "\(verb)")
            #expect(PlaceTests.line(fixture, .project("acme/web")) + PlaceTests.line(fixture, .group("acme")) == before)
        }
    }

    @Test("a useless token is refused before anything is sent")
    func nothingSent() {
        let fixture = GitLabFixture()
        for verb in Verb.basic {
            _ = fixture.ask(verb, ["project": "acme/web", "key": "TOKEN"], token: Secret("glcbt-64_x"))
        }
        #expect(fixture.takeAsked().isEmpty)
    }

    @Test("what cannot be masked is explained", arguments: [true, false])
    func unmaskable(_ exists: Bool) {
        let fixture = GitLabFixture()
        if exists {
            fixture.gitlab {
                $0.setVariable(
                    "TOKEN", SampleKeys.text(SampleKeys.predecessor), of: .project("acme/web"), isMasked: true,
                    isRaw: true)
            }
        }
        let verb = exists ? "write" : "make"
        #expect(
            fixture.ask(.publish, PlaceCase.project.with(fixture), secret: Secret("two words"))
                == PublisherAnswer(
                    .rejected(
                        PublisherError(
                            .configuration,
                            "GitLab refuses to \(verb) TOKEN of project acme/web: it could not mask this value (400)",
                            hint: "a masked value has at least 8 characters and no blanks, and if it is not raw, only"
                                + " letters, digits and _+=/@:.~-", field: "with.masked"))))
    }

    @Test(
        "check tells until when the token can be used, and says nothing of what it cannot know",
        arguments: [
            (#"{"scopes": ["api"], "expires_at": "2027-01-31"}"#, 200, "; the token expires on 2027-01-31"),
            (#"{"scopes": ["granular"]}"#, 200, ""), (#"{"scopes": []}"#, 200, ""), ("[]", 200, ""),
            (#"{"message": "400 Bad request"}"#, 400, ""), (#"{"error": "404 Not Found"}"#, 404, ""),
        ])
    func tokenFacts(_ body: String, _ status: Int, _ note: String) {
        let fixture = GitLabFixture()
        fixture.fail(.get, .after { _ in })
        fixture.fail(.get, .answer(status, body))
        #expect(
            fixture.ask(.check, PlaceCase.project.with(fixture))
                == PublisherAnswer(
                    .ready,
                    message:
                        "would make TOKEN of project acme/web; no variable TOKEN of project acme/web: nothing held the predecessor"
                        + note))
    }
}
