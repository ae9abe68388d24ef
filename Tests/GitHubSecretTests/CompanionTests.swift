import FoundationEssentials
import GitHubSandbox
import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium
import TestSupport
import Testing
import Timestamps

@testable import ork_publisher_github_secret

/// The variable beside the secret makes it comparable, and safe from an older rotation.
@Suite(.tags(.values)) struct CompanionTests {
    let fixture = GitHubFixture()
    private let with: JSONObject = ["name": "TOKEN", "repository": "acme/web", "companion": "TOKEN_STATE"]
    private let scope = Scope.repository("acme/web")
    private let hint = "to write all the same, delete the variable TOKEN_STATE"

    private func publish(
        _ secret: Secret = SampleKeys.successor, expect: [Secret]? = [SampleKeys.predecessor], rotation: String? = nil,
        with: JSONObject? = nil
    ) -> PublisherAnswer {
        fixture.publisher().answer(
            .publish, fixture.request(with ?? self.with, secret, expect: expect, rotation: rotation))
    }

    private func verify(_ secret: Secret = SampleKeys.successor, receipt: JSONObject? = nil) -> PublisherAnswer {
        fixture.publisher().answer(.verify, fixture.request(with, secret, receipt: receipt))
    }

    private var held: Secret? { fixture.github { sandbox, _ in sandbox.plaintext(scope: scope, name: "TOKEN") } }

    private func variable() throws -> JSONValue {
        let text = fixture.github { sandbox, _ in sandbox.variable(scope: scope, name: "TOKEN_STATE")?.value }
        return try JSONValue(parsing: Array((text ?? "").utf8))
    }

    /// Another hand writes the secret.
    private func writeAsSomebodyElse(_ secret: Secret = SampleKeys.foreign) {
        let answer = fixture.publisher().answer(
            .publish, fixture.request(["name": "TOKEN", "repository": "acme/web"], secret))
        #expect(answer.outcome == .committed)
    }

    /// The text of a companion, right but for what is given.
    private static func value(secret: String = "actions/TOKEN", rotation: String = "x") -> String {
        #"{"secret": "\#(secret)", "digest": "\#(Digest(of: SampleKeys.successor))", "rotation": "\#(rotation)", "#
            + #""updated_at": "2026-01-01T00:00:00Z"}"#
    }

    private func deleteSecret() throws {
        try fixture.change(.delete, "repos/acme/web/actions/secrets/TOKEN")
    }

    private func setVariable(_ value: String) throws {
        try fixture.change(.patch, "repos/acme/web/actions/variables/TOKEN_STATE", ["value": .string(value)])
    }

    @Test("it says what the secret holds, in every place", arguments: ScopeCase.all)
    func describes(_ test: ScopeCase) throws {
        let with = test.settings(["companion": "TOKEN_STATE"])
        let rotation = GitHubFixture.rotation(at: fixture.now)
        let first = publish(SampleKeys.predecessor, expect: [], rotation: rotation, with: with)
        #expect(first.outcome == .committed, "\(first)")
        let variable = try #require(
            fixture.github { sandbox, _ in sandbox.variable(scope: test.scope, name: "TOKEN_STATE") })
        #expect(
            try JSONValue(parsing: Array(variable.value.utf8)) == [
                "secret": .string("\(test.store.rawValue)/TOKEN"),
                "digest": .string("\(Digest(of: SampleKeys.predecessor))"), "rotation": .string(rotation),
                "updated_at": first.receipt?["updated_at"] ?? nil,
            ])
        #expect(variable.visibility == test.visibility)
        #expect(Set(variable.selected) == Set(test.selected.compactMap { fixture.ids[$0] }))

        fixture.pass(3600)
        #expect(publish(expect: [SampleKeys.predecessor], with: with).outcome == .committed)
        let again = publish(expect: [SampleKeys.predecessor], with: with)
        #expect(again.outcome == .unchanged, "\(again)")
        let second = fixture.github { sandbox, _ in sandbox.variable(scope: test.scope, name: "TOKEN_STATE") }
        #expect(second?.visibility == variable.visibility && second?.selected == variable.selected)
        let match = fixture.publisher().answer(.verify, fixture.request(with))
        #expect(match.outcome == .match)
        let moment = again.receipt?["updated_at"]?.string ?? "none"
        let seen = " holds the successor by its companion, unchanged since \(moment)"
        #expect(match.message?.hasSuffix(seen) == true, "\(match)")
        #expect(fixture.slept == 0)
    }

    @Test("a value that is known is replaced if this rotation expects it")
    func compares() {
        #expect(publish(SampleKeys.foreign, expect: []).outcome == .committed)
        fixture.pass(3600)
        for verb in [Verb.check, .publish] {
            let answer = fixture.publisher().answer(verb, fixture.request(with, expect: [SampleKeys.predecessor]))
            #expect(
                answer.outcome
                    == .rejected(
                        PublisherError(
                            .conflict,
                            "the secret TOKEN of acme/web holds a value that this rotation does not know",
                            hint: "check that name and place are right; "
                                + hint, field: "with.name")))
        }
        #expect(held == SampleKeys.foreign)
        #expect(publish(expect: [SampleKeys.predecessor, SampleKeys.foreign]).outcome == .committed)
        #expect(held == SampleKeys.successor)
        // Without `expect` all may be replaced.
        #expect(publish(SampleKeys.predecessor, expect: nil).outcome == .committed)
        #expect(held == SampleKeys.predecessor)
    }

    @Test("an older rotation never writes", arguments: [nil, [SampleKeys.successor]])
    func refusesAnOlderRotation(_ expect: [Secret]?) {
        let older = GitHubFixture.rotation(at: fixture.now)
        fixture.pass(60)
        let newer = GitHubFixture.rotation(at: fixture.now)
        #expect(publish(rotation: newer).outcome == .committed)
        for verb in [Verb.check, .publish] {
            let answer = fixture.publisher().answer(
                verb, fixture.request(with, SampleKeys.predecessor, expect: expect, rotation: older))
            #expect(
                answer.outcome
                    == .rejected(
                        PublisherError(
                            .conflict, "the secret TOKEN of acme/web was written by a later rotation (\(newer))",
                            hint: "finish that one; " + hint, field: "with.companion")))
        }
        #expect(held == SampleKeys.successor)
        // Also where the secret is gone: the later rotation may be about to write it.
        #expect(throws: Never.self) { try deleteSecret() }
        #expect(publish(SampleKeys.predecessor, expect: expect, rotation: older).outcome.error?.code == .conflict)
        // Nor does a rotation without a time, as of ork-conform, stand in the way, or mind.
        #expect(publish(SampleKeys.predecessor, expect: expect, rotation: "conform").outcome == .committed)
        #expect(publish(SampleKeys.successor, expect: nil, rotation: older).outcome == .committed)
    }

    @Test("what somebody else wrote before the rotation began is a conflict")
    func refusesAForeignWrite() {
        #expect(publish(SampleKeys.predecessor, expect: []).outcome == .committed)
        fixture.pass(3600)
        writeAsSomebodyElse()
        let moment = Date(timeIntervalSince1970: fixture.now.timeIntervalSince1970.rounded(.down)).rfc3339
        fixture.pass(3600)
        #expect(
            publish().outcome
                == .rejected(
                    PublisherError(
                        .conflict,
                        "the secret TOKEN of acme/web was written at \(moment), after the variable TOKEN_STATE, by something else",
                        hint: "find out what writes it; " + hint, field: "with.name")))
        #expect(held == SampleKeys.foreign)
        #expect(publish(rotation: "conform").outcome.error?.code == .conflict)
        #expect(publish(expect: nil).outcome == .committed)
        #expect(held == SampleKeys.successor)
    }

    @Test(
        "a run that was cut off between its two writes is made whole, as long as the rotation lasts",
        arguments: [0, 200, 86400 * 30])
    func repairs(_ delay: TimeInterval) throws {
        #expect(publish(SampleKeys.predecessor, expect: []).outcome == .committed)
        fixture.pass(3600)
        // The clocks may differ by minutes.
        let rotation = GitHubFixture.rotation(at: fixture.now.addingTimeInterval(240))
        fixture.fail(.patch, at: "TOKEN_STATE", .answer(403, #"{"message": "no"}"#))
        let cut = publish(rotation: rotation)
        guard case .unknown(let error) = cut.outcome else {
            Issue.record("\(cut)")
            return
        }
        #expect(error.code == .denied)
        #expect(
            error.message
                == "the secret TOKEN of acme/web is written, but GitHub refuses to change the variable TOKEN_STATE"
                + " of acme/web (403: no)")
        #expect(error.hint?.contains("\"Variables\" (write)") == true)
        #expect(held == SampleKeys.successor)
        // The companion tells no lie: it is about what was there before.
        #expect(try variable()["digest"]?.string == "\(Digest(of: SampleKeys.predecessor))")
        #expect(verify().outcome == .mismatch)
        fixture.pass(delay)
        #expect(publish(rotation: rotation).outcome == .committed)
        #expect(verify().outcome == .match)
    }

    @Test("a first run that was cut off between its two writes is made whole")
    func repairsTheFirst() {
        fixture.fail(.post, at: "variables", times: 5, .answer(500))
        guard case .unknown = publish().outcome else {
            Issue.record("it was certain")
            return
        }
        #expect(publish().outcome == .committed)
        #expect(verify().outcome == .match)
    }

    @Test("a secret that was deleted is written again")
    func fillsAGap() throws {
        #expect(publish(SampleKeys.predecessor, expect: []).outcome == .committed)
        try deleteSecret()
        #expect(verify(SampleKeys.predecessor).outcome == .absent)
        fixture.pass(3600)
        let answer = publish(expect: [])
        #expect(answer.outcome == .committed && answer.receipt?["change"] == "created")
        #expect(verify().outcome == .match)
    }

    @Test("of two secrets with one companion the second is refused")
    func refusesAnothersCompanion() throws {
        #expect(publish().outcome == .committed)
        var other = with
        other["name"] = "OTHER"
        let error = PublisherError(
            .configuration, "the variable TOKEN_STATE of acme/web is about another secret (actions/TOKEN)",
            hint: "give each secret a companion of its own", field: "with.companion")
        for verb in Verb.basic {
            #expect(fixture.publisher().answer(verb, fixture.request(other)).outcome == .rejected(error))
        }
        other["name"] = "TOKEN"
        other["store"] = "dependabot"
        #expect(publish(with: other).outcome == .rejected(error))
    }

    @Test(
        "a variable that ork did not write is left alone",
        arguments: [
            "", "mine", "{}", "[]", #"{"secret": "actions/TOKEN"}"#,
            #"{"secret": "actions/TOKEN", "digest": "x", "rotation": "x", "updated_at": "2026-01-01T00:00:00Z"}"#,
            Self.value(secret: "agents/TOKEN"), Self.value(secret: "actions/token"), Self.value(secret: "TOKEN"),
            Self.value(secret: #"actions/TO\u001bKEN"#), Self.value(secret: "actions/TOKEN/X"),
            Self.value(rotation: ""), Self.value(rotation: #"01\u202e"#), Self.value(rotation: "a b"),
            Self.value(rotation: String(repeating: "0", count: 65)),
        ])
    func refusesAnotherVariable(_ value: String) throws {
        #expect(publish().outcome == .committed)
        try setVariable(value)
        let error = PublisherError(
            .configuration, "the variable TOKEN_STATE of acme/web is not one that ork wrote",
            hint: "give 'companion' another name, or delete the variable if nobody needs it",
            field: "with.companion")
        for verb in Verb.basic {
            #expect(fixture.publisher().answer(verb, fixture.request(with)).outcome == .rejected(error))
        }
    }

    @Test("verify tells who wrote what")
    func verifies() throws {
        let rotation = GitHubFixture.rotation(at: fixture.now)
        let receipt = publish(rotation: rotation).receipt
        #expect(verify().outcome == .match)
        let other = verify(SampleKeys.predecessor)
        #expect(other.outcome == .mismatch)
        #expect(other.message?.hasSuffix("but its companion says that rotation \(rotation) wrote another key") == true)
        // Without the variable the receipt is what there is.
        try fixture.change(.delete, "repos/acme/web/actions/variables/TOKEN_STATE")
        #expect(verify(receipt: receipt).outcome == .match)
        #expect(verify().outcome == .unverifiable)
        #expect(publish().outcome == .committed)
        fixture.pass(60)
        writeAsSomebodyElse()
        let foreign = verify()
        #expect(foreign.outcome == .mismatch)
        #expect(foreign.message?.contains("but its companion is about what was written at ") == true)
    }

    @Test("a copy of the secret's data that lags behind the companion is asked again")
    func waitsForCopies() {
        #expect(publish(SampleKeys.predecessor, expect: []).outcome == .committed)
        fixture.pass(3600)
        let stale = GitHubFixture.Fault.answer(200, #"{"name": "TOKEN", "updated_at": "2026-01-01T00:00:00Z"}"#)
        fixture.fail(.get, at: "secrets/TOKEN", times: 3, stale)
        #expect(publish().outcome == .committed)
        fixture.fail(.get, at: "secrets/TOKEN", times: 3, stale)
        #expect(verify().outcome == .match)
    }

    @Test("a token that may not read variables is refused before anything is written")
    func refusesEarly() {
        let token = fixture.github { sandbox, _ in sandbox.addToken(.fineGrained([.secrets: .write])) }
        let answer = fixture.publisher(token).answer(.publish, fixture.request(with))
        #expect(
            answer.outcome
                == .rejected(
                    PublisherError(
                        .denied,
                        "GitHub refuses to read the variable TOKEN_STATE of acme/web"
                            + " (403: Resource not accessible by personal access token)",
                        hint: "give the token in GITHUB_TOKEN the repository permission \"Variables\" (write) for"
                            + " acme/web; a classic token needs the scope repo", field: "with.companion")))
        #expect(held == nil)
    }
}
