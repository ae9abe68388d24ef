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
    let world = World()

    private func stored(_ test: ScopeCase) throws -> StoredSecret {
        try #require(
            world.github { sandbox, _ in sandbox.stored(store: test.store, scope: test.scope, name: "TOKEN") })
    }

    @Test("a secret is created, updated and verified, and all else of it stays", arguments: ScopeCase.all)
    func createsAndUpdates(_ test: ScopeCase) throws {
        let publisher = world.publisher()
        let check = publisher.answer(.check, world.request(test.settings()))
        #expect(check.outcome == .ready, "\(check)")
        #expect(check.message?.contains("only a write shows") == true)

        let created = publisher.answer(.publish, world.request(test.settings(), Keys.predecessor))
        #expect(created.outcome == .committed, "\(created)")
        #expect(created.receipt?["change"] == "created" && created.message?.hasPrefix("created the ") == true)
        let first = try stored(test)
        #expect(first.plaintext == Keys.predecessor)
        #expect(first.visibility == test.visibility)
        #expect(Set(first.selected) == Set(test.selected.compactMap { world.ids[$0] }))
        #expect(created.receipt?["updated_at"]?.string == first.updatedAt.rfc3339)

        world.pass(3600)
        let updated = publisher.answer(.publish, world.request(test.settingsOfExisting))
        #expect(updated.outcome == .committed, "\(updated)")
        #expect(updated.receipt?["change"] == "updated" && updated.message?.hasPrefix("updated the ") == true)
        let second = try stored(test)
        #expect(second.plaintext == Keys.successor)
        #expect(second.visibility == first.visibility && second.selected == first.selected)
        #expect(second.createdAt == first.createdAt && second.updatedAt > first.updatedAt)

        func verify(_ receipt: JSONObject?) -> PublisherAnswer {
            publisher.answer(.verify, world.request(test.settings(), receipt: receipt))
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
        #expect(world.slept == 0)
    }

    @Test("a secret that is not there is absent", arguments: ScopeCase.all)
    func isAbsent(_ test: ScopeCase) {
        let answer = world.publisher().answer(.verify, world.request(test.settings()))
        #expect(answer.outcome == .absent, "\(answer)")
    }

    @Test("the number of exchanges is what it was designed to be", arguments: ScopeCase.all)
    func countsExchanges(_ test: ScopeCase) {
        func publish(_ with: JSONObject, _ secret: Secret) -> Int {
            // A process of its own each time.
            _ = world.takeAsked()
            world.pass(60)
            let answer = world.publisher().answer(.publish, world.request(with, secret))
            #expect(answer.outcome == .committed, "\(answer)")
            return world.takeAsked().count
        }
        #expect(publish(test.settings(), Keys.predecessor) == test.exchanges.created)
        #expect(publish(test.settings(), Keys.successor) == test.exchanges.updated)
        let companion: JSONObject = ["companion": "TOKEN_STATE"]
        #expect(publish(test.settings(companion), Keys.predecessor) == test.exchanges.firstCompanion)
        #expect(publish(test.settings(companion), Keys.successor) == test.exchanges.companion)
    }

    @Test("names are of either case, and a body says no more than it must")
    func asksAsDocumented() throws {
        let publisher = world.publisher()
        _ = publisher.answer(.publish, world.request(["repository": "acme/web", "name": "token"]))
        #expect(
            world.takeAsked() == [
                "GET /repos/acme/web/actions/secrets/public-key", "PUT /repos/acme/web/actions/secrets/TOKEN",
                "GET /repos/acme/web/actions/secrets/TOKEN",
            ])
        _ = publisher.answer(
            .publish,
            world.request(["repository": "acme/web", "environment": "production eu/1", "name": "TOKEN"]))
        #expect(
            world.takeAsked().first == "GET /repos/acme/web/environments/production%20eu%2F1/secrets/public-key")
    }
}
