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

@Suite(.tags(.values)) struct ScopeTests {
    let fixture = GitHubFixture()

    private func stored(_ test: ScopeCase) throws -> StoredSecret {
        try #require(
            fixture.github { sandbox, _ in sandbox.stored(store: test.store, scope: test.scope, name: "TOKEN") })
    }

    @Test("a secret is created, updated and verified, and all else of it stays", arguments: ScopeCase.all)
    func createsAndUpdates(_ test: ScopeCase) throws {
        let publisher = fixture.publisher()
        for verb in [Verb.check, .publish] {
            let refused = publisher.answer(verb, fixture.request(test.settings(), create: false))
            #expect(refused.error?.code == .notFound && refused.held == .nothing, "\(refused)")
        }
        let check = publisher.answer(.check, fixture.request(test.settings()))
        #expect(check.outcome == .ready, "\(check)")
        #expect(check.message?.contains("only a write shows") == true)

        let created = publisher.answer(.publish, fixture.request(test.settings(), SampleKeys.predecessor))
        #expect(created.outcome == .committed, "\(created)")
        #expect(created.held == .nothing)
        #expect(created.receipt?["change"] == "created" && created.message?.hasPrefix("created the ") == true)
        let first = try stored(test)
        #expect(first.plaintext == SampleKeys.predecessor)
        #expect(first.visibility == test.visibility)
        #expect(Set(first.selected) == Set(test.selected.compactMap { fixture.ids[$0] }))
        #expect(created.receipt?["updated_at"]?.string == first.updatedAt.rfc3339)

        fixture.pass(3600)
        let updated = publisher.answer(.publish, fixture.request(test.settingsOfExisting, create: false))
        #expect(updated.held == .unknown)
        #expect(updated.outcome == .committed, "\(updated)")
        #expect(updated.receipt?["change"] == "updated" && updated.message?.hasPrefix("updated the ") == true)
        let second = try stored(test)
        #expect(second.plaintext == SampleKeys.successor)
        #expect(second.visibility == first.visibility && second.selected == first.selected)
        #expect(second.createdAt == first.createdAt && second.updatedAt > first.updatedAt)

        func verify(_ receipt: JSONObject?) -> PublisherAnswer {
            publisher.answer(.verify, fixture.request(test.settings(), receipt: receipt))
        }
        let match = verify(updated.receipt)
        #expect(match.outcome == .match)
        let seen = "was last written by ork at \(second.updatedAt.rfc3339); its value cannot be read"
        #expect(match.message?.hasPrefix("the ") == true && match.message?.hasSuffix(seen) == true, "\(match)")
        let mismatch = verify(created.receipt)
        #expect(mismatch.outcome == .mismatch)
        #expect(mismatch.message?.contains(first.updatedAt.rfc3339) == true)
        #expect(mismatch.message?.contains(second.updatedAt.rfc3339) == true)
        #expect(verify(nil).outcome == .unverifiable)
        #expect(fixture.slept == 0)
    }

    @Test("a secret that is not there is absent", arguments: ScopeCase.all)
    func isAbsent(_ test: ScopeCase) {
        let answer = fixture.publisher().answer(.verify, fixture.request(test.settings()))
        #expect(answer.outcome == .absent, "\(answer)")
    }

    @Test("the number of exchanges is what it was designed to be", arguments: ScopeCase.all)
    func countsExchanges(_ test: ScopeCase) {
        func publish(_ with: JSONObject, _ secret: Secret) -> Int {
            // A process of its own each time.
            _ = fixture.takeAsked()
            fixture.pass(60)
            let answer = fixture.publisher().answer(.publish, fixture.request(with, secret))
            #expect(answer.outcome == .committed, "\(answer)")
            return fixture.takeAsked().count
        }
        #expect(publish(test.settings(), SampleKeys.predecessor) == test.exchanges.created)
        #expect(publish(test.settings(), SampleKeys.successor) == test.exchanges.updated)
        let companion: JSONObject = ["companion": "TOKEN_STATE"]
        #expect(publish(test.settings(companion), SampleKeys.predecessor) == test.exchanges.firstCompanion)
        #expect(publish(test.settings(companion), SampleKeys.successor) == test.exchanges.companion)
    }

    @Test("names are of either case, and a body says no more than it must")
    func asksAsDocumented() throws {
        let publisher = fixture.publisher()
        _ = publisher.answer(.publish, fixture.request(["repository": "acme/web", "name": "token"]))
        #expect(
            fixture.takeAsked() == [
                "GET /repos/acme/web/actions/secrets/public-key", "PUT /repos/acme/web/actions/secrets/TOKEN",
                "GET /repos/acme/web/actions/secrets/TOKEN",
            ])
        _ = publisher.answer(
            .publish,
            fixture.request(["repository": "acme/web", "environment": "production eu/1", "name": "TOKEN"]))
        #expect(
            fixture.takeAsked().first == "GET /repos/acme/web/environments/production%20eu%2F1/secrets/public-key")
    }
}
