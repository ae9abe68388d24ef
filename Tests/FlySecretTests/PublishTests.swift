import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_fly_secret

/// A secret is written in place, and the app's machines are made anew with it as they were.
@Suite(.tags(.values)) struct PublishTests {
    @Test("the secret is written beside its neighbours, and every machine gets it and keeps all else")
    func updated() throws {
        let fixture = FlyFixture()
        let before = fixture.fly { fly, _ in fly.machines.map(\.config) }
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .committed && answer.receipt?["change"] == "updated", "\(answer)")
        #expect(answer.message?.contains("updated 2 machines") == true, "\(answer)")
        #expect(fixture.held == "successor" && fixture.served == ["m1": "successor", "m2": "successor"])
        fixture.fly { fly, _ in
            #expect(fly.machines.map(\.config) == before && fly.secrets["NEIGHBOUR"]?.value == "stays")
            #expect(fly.machines.allSatisfy { $0.lease == nil && $0.state == "started" })
        }
        let seen = fixture.ask(.verify, receipt: answer.receipt)
        #expect(seen.outcome == .match && seen.message?.contains("m1, m2 run with it (started)") == true, "\(seen)")
    }

    @Test("the receipt has the secrets' version, and each machine's versions and state")
    func receipt() throws {
        let fixture = FlyFixture()
        let was = fixture.fly { fly, _ in fly.machines.map(\.version) }
        let receipt = try #require(fixture.ask(.publish).receipt)
        let now = fixture.fly { fly, _ in fly.machines.map(\.version) }
        #expect(receipt["secrets_version"] == .string(String(fixture.fly { fly, _ in fly.version })))
        #expect(
            receipt["machines"] == [
                "m1": ["was": .string(was[0]), "state": "started", "is": .string(now[0])],
                "m2": ["was": .string(was[1]), "state": "started", "is": .string(now[1])],
            ])
    }

    @Test("an update asks for the secrets that were written, and for the machine as it was read")
    func guarded() throws {
        let fixture = FlyFixture(machines: ["m1"])
        let was = fixture.fly { fly, _ in fly.machines[0].version }
        _ = fixture.ask(.publish)
        let update = try #require(
            fixture.exchanges.first { $0.request.method == .post && $0.request.url.description.hasSuffix("/m1") }?
                .request)
        let body = try JSONValue(parsing: #require(update.body))
        #expect(body["min_secrets_version"] == .number(JSONNumber(fixture.fly { fly, _ in fly.version })))
        #expect(body["current_version"] == .string(was) && body["skip_launch"] == false && body["region"] == "fra")
        #expect(update.headers.contains { $0.name == "fly-machine-lease-nonce" && $0.value.hasPrefix("nonce") })
    }

    @Test("nobody can compare what is there: it is written each time, and that is said")
    func notCompared() {
        let fixture = FlyFixture(holding: SampleKeys.foreign)
        let checked = fixture.ask(.check)
        #expect(checked.outcome == .ready && checked.message?.contains("was not compared before") == true, "\(checked)")
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .committed && answer.held == .unknown, "\(answer)")
        #expect(fixture.ask(.publish).outcome == .committed && fixture.held == "successor")
    }

    @Test("a secret is made only where somebody says so")
    func created() {
        let fixture = FlyFixture(holding: nil)
        for verb in [Verb.check, .publish] {
            let refused = fixture.ask(verb)
            #expect(refused.error?.code == .notFound && fixture.held == nil, "\(refused)")
        }
        #expect(fixture.ask(.verify).outcome == .absent)
        let answer = fixture.ask(.publish, create: true)
        #expect(answer.outcome == .committed && answer.receipt?["change"] == "created", "\(answer)")
        #expect(fixture.served == ["m1": "successor", "m2": "successor"])
    }

    @Test("the digest of the write is compared with what is shown later, and with nothing else")
    func verified() {
        let fixture = FlyFixture()
        let answer = fixture.ask(.publish)
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match)
        #expect(fixture.ask(.verify, ["redeploy": false]).outcome == .unverifiable)
        fixture.fly { fly, now in fly.set(FlyFixture.name, "another", at: now) }
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .mismatch)
        // A receipt of another key says nothing of this one.
        let other = fixture.ask(.verify, ["redeploy": false], receipt: answer.receipt, secret: SampleKeys.foreign)
        #expect(other.outcome == .unverifiable, "\(other)")
    }

    @Test(
        "a lost answer to the write is settled by writing again, and one that stays lost is told as unknown",
        arguments: [FlyFixture.Fault.lostReply, .garbled(502, ""), .garbled(500, #"{"error": "x"}"#)])
    func lost(fault: FlyFixture.Fault) {
        let fixture = FlyFixture()
        fixture.fail(.post, at: "/secrets/", fault)
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .committed && fixture.served["m2"] == "successor", "\(answer)")
        let silent = FlyFixture()
        silent.fail(.post, at: "/secrets/", times: 9, fault)
        guard case .unknown = silent.ask(.publish).outcome else {
            Issue.record("a write that may have been done was called rejected")
            return
        }
        #expect(silent.held == "successor")
    }

    @Test(
        "a token of either kind is sent by its own scheme", arguments: ["FlyV1 fm2_", "fm2_", "Bearer FlyV1 fm2_", ""])
    func tokens(prefix: String) {
        let fixture = FlyFixture()
        let answer = fixture.ask(.check, token: prefix + fixture.token)
        #expect(answer.outcome == .ready, "\(answer)")
        let scheme = fixture.exchanges.first?.request.authorization
        let secret = Secret((prefix.isEmpty ? "" : "fm2_") + fixture.token)
        #expect(scheme == (prefix.isEmpty ? .bearer(secret) : .scheme("FlyV1", secret)))
        #expect(fixture.ask(.check, token: "FlyV1 ").error?.field == "env.FLY_API_TOKEN")
    }

    @Test("a target takes so many exchanges and no more")
    func exchanges() {
        let fixture = FlyFixture(machines: ["m1"])
        _ = fixture.ask(.check)
        #expect(fixture.takeAsked() == ["GET /secrets", "GET /machines"])
        fixture.fly { fly, _ in fly.launching = ["started"] }
        let answer = fixture.ask(.publish)
        #expect(
            fixture.takeAsked() == [
                "GET /secrets", "POST /secrets/OPENROUTER_API_KEY", "GET /machines", "POST /machines/m1/lease",
                "GET /machines/m1", "POST /machines/m1", "DELETE /machines/m1/lease", "GET /machines/m1",
            ])
        _ = fixture.ask(.verify, receipt: answer.receipt)
        let version = fixture.fly { fly, _ in fly.version }
        #expect(fixture.takeAsked() == ["GET /secrets?min_version=\(version)", "GET /machines"])
        _ = fixture.ask(.publish, ["redeploy": false])
        #expect(fixture.takeAsked() == ["GET /secrets", "POST /secrets/OPENROUTER_API_KEY"])
    }
}
