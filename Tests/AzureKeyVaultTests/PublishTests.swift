import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_azure_key_vault

/// A new version holds the successor, and has whatever the one before it had.
@Suite(.tags(.values)) struct PublishTests {
    private static let day = 86400

    @Test("a predecessor is replaced by a version that keeps content type and tags; neighbours stay")
    func updated() throws {
        let fixture = VaultFixture()
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .committed && fixture.held == ["predecessor", "successor"], "\(answer)")
        #expect(answer.held == .predecessor && answer.receipt?["change"] == "updated")
        let (old, new, neighbours) = fixture.azure { azure, _ in
            (
                azure.secrets[VaultFixture.name]?.first, azure.current(VaultFixture.name),
                azure.secrets["NEIGHBOUR"]?.count
            )
        }
        #expect(new?.contentType == "text/plain" && new?.tags == ["owner": "shop", "tier": "gold"] && neighbours == 1)
        #expect(new?.exp == nil && new?.nbf == nil && new?.enabled == true)
        #expect(answer.receipt?["version_id"]?.string == new?.id)
        #expect(answer.receipt?["previous_version_id"]?.string == old?.id)
        #expect(fixture.ask(.verify).outcome == .match)
    }

    @Test("a version without content type and tags gets none")
    func bare() throws {
        let fixture = VaultFixture(holding: nil)
        fixture.azure { azure, now in azure.add(VaultFixture.name, SampleKeys.text(SampleKeys.predecessor), at: now) }
        #expect(fixture.ask(.publish).outcome == .committed)
        let put = try #require(fixture.exchanges.first { $0.request.method == .put }?.request.body)
        #expect(try JSONValue(parsing: put).object?.keys == ["value"])
    }

    @Test(
        "an end is counted anew, for as long as the version before it was made for; its beginning is not taken over",
        arguments: [(nil, 90), ("30d", 30), ("never", nil)] as [(String?, Int?)])
    func expiry(setting: String?, days: Int?) {
        let fixture = VaultFixture(holding: nil)
        let start = Int(VaultFixture.beginning.timeIntervalSince1970)
        fixture.azure { azure, now in
            azure.add(
                VaultFixture.name, SampleKeys.text(SampleKeys.predecessor), nbf: start, exp: start + 90 * Self.day,
                at: now)
        }
        fixture.pass(80 * 86400)
        let with: JSONObject = setting.map { ["expires": .string($0)] } ?? [:]
        let says = fixture.ask(.check, with).message?.contains("expire after \(days ?? 0) d")
        #expect(says == (days != nil))
        #expect(fixture.ask(.publish, with).outcome == .committed)
        let (end, beginning) = fixture.azure { azure, _ in
            (azure.current(VaultFixture.name)?.exp, azure.current(VaultFixture.name)?.nbf)
        }
        #expect(end.map { ($0 - start + 60) / Self.day - 80 } == days && beginning == nil, "\(end as Any)")
    }

    @Test("a secret without an end gets one where the target asks for it")
    func end() {
        let fixture = VaultFixture()
        #expect(fixture.ask(.publish, ["expires": "30d"]).outcome == .committed)
        #expect(fixture.azure { azure, _ in azure.current(VaultFixture.name)?.exp } != nil)
    }

    @Test("what is there already is left alone")
    func unchanged() {
        let fixture = VaultFixture(holding: SampleKeys.successor)
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .unchanged && answer.held == .successor && fixture.held == ["successor"])
    }

    @Test("a value that the rotation does not know is a conflict, and stays", arguments: Verb.basic)
    func conflict(verb: Verb) {
        let fixture = VaultFixture(holding: SampleKeys.foreign)
        let answer = fixture.ask(verb)
        if verb == .verify {
            #expect(answer.outcome == .mismatch)
        } else {
            #expect(answer.error?.code == .conflict && answer.error?.field == "with.name", "\(answer)")
        }
        #expect(fixture.held == ["foreign"])
    }

    @Test("a secret is made only where somebody says so")
    func created() {
        let fixture = VaultFixture(holding: nil)
        let refused = fixture.ask(.publish)
        #expect(refused.error?.code == .notFound && fixture.held == [], "\(refused)")
        #expect(fixture.ask(.verify).outcome == .absent)
        #expect(fixture.ask(.check, create: true).message?.contains("would make secret") == true)
        let answer = fixture.ask(.publish, create: true)
        #expect(answer.outcome == .committed && answer.receipt?["change"] == "created" && fixture.held == ["successor"])
    }

    @Test("an answer that got lost is settled by reading, and makes no second version")
    func lost() {
        let faults: [VaultFixture.Fault] = [.lostReply, .garbled(500, "{}"), .garbled(200, "[]"), .garbled(201, "{}")]
        for fault in faults {
            for isNew in [false, true] {
                let fixture = VaultFixture(holding: isNew ? nil : SampleKeys.predecessor)
                fixture.fail(.put, fault)
                let answer = fixture.ask(.publish, create: true)
                #expect(answer.outcome == .committed, "\(answer)")
                #expect(answer.receipt?["change"] == (isNew ? "created" : "updated"))
                #expect(fixture.held == (isNew ? ["successor"] : ["predecessor", "successor"]))
            }
        }
        let fixture = VaultFixture()
        fixture.fail(.put, .lostRequest)
        #expect(fixture.ask(.publish).outcome == .committed && fixture.held == ["predecessor", "successor"])
    }

    @Test("whoever writes while an answer is lost is not overwritten")
    func overtaken() {
        let fixture = VaultFixture()
        fixture.fail(.put, .garbled(500, "{}"))
        fixture.fail(.get, .after { _ in })
        fixture.fail(
            .get,
            .before { azure in
                azure.add(VaultFixture.name, SampleKeys.text(SampleKeys.foreign), at: VaultFixture.beginning)
            })
        let answer = fixture.ask(.publish)
        guard case .unknown(let error) = answer.outcome else {
            Issue.record("\(answer)")
            return
        }
        #expect(error.code == .conflict && fixture.held == ["predecessor", "successor", "foreign"])
    }

    @Test("a secret that is disabled, deleted or a certificate's is told, and not written", arguments: Verb.basic)
    func standing(verb: Verb) {
        let disabled = VaultFixture()
        disabled.azure { azure, _ in azure.change(VaultFixture.name) { $0.enabled = false } }
        let off = disabled.ask(verb, create: true).error
        #expect(off?.code == .conflict && off?.message.contains("is disabled") == true, "\(off as Any)")
        let deleted = VaultFixture()
        deleted.azure { azure, _ in azure.delete(VaultFixture.name) }
        let gone = deleted.ask(verb, create: true).error
        #expect(gone?.code == .notFound && gone?.hint?.contains("recover") == true, "\(gone as Any)")
        let managed = VaultFixture()
        managed.azure { azure, _ in azure.change(VaultFixture.name) { $0.isManaged = true } }
        let certificate = managed.ask(verb, create: true).error
        #expect(certificate?.code == .configuration && certificate?.message.contains("certificate") == true)
        for fixture in [disabled, deleted, managed] {
            #expect(!fixture.exchanges.contains { $0.request.method == .put })
        }
    }

    @Test("what was deleted without our seeing it is told when it is written")
    func unseenDeletion() {
        let fixture = VaultFixture()
        fixture.azure { azure, _ in azure.delete(VaultFixture.name) }
        fixture.fail(.get, at: "/deletedsecrets/", .answer(403, "{}"))
        let gone = fixture.ask(.publish, create: true).error
        #expect(gone?.code == .notFound && gone?.hint?.contains("recover") == true, "\(gone as Any)")
    }
}
