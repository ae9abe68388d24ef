import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_fly_secret

/// What was written is in effect once every machine was made after the write.
@Suite(.tags(.values)) struct EffectTests {
    @Test("what was written and not brought to the machines is not in effect: whoever died between is made up for")
    func crashed() {
        let fixture = FlyFixture()
        fixture.fly { fly, now in fly.set(FlyFixture.name, SampleKeys.text(SampleKeys.successor), at: now) }
        let seen = fixture.ask(.verify)
        #expect(
            seen.outcome == .unverifiable && seen.message?.contains("ork-publish --accept-target web") == true,
            "\(seen)")
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .committed && fixture.served == ["m1": "successor", "m2": "successor"])
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match)
    }

    @Test(
        "a run that died at any exchange is made up for by the next one",
        arguments: Array(0...8) + Array(18...24))
    func died(number: Int) {
        let fixture = FlyFixture(check: nil)
        fixture.fly { fly, _ in fly.launching = ["started"] }
        // From this exchange on nothing arrives, so that no lease is given back either.
        let parts: [(HTTPRequest.Method, String)] = [(.get, ""), (.post, ""), (.delete, "")]
        let whole = FlyFixture(check: nil)
        whole.fly { fly, _ in fly.launching = ["started"] }
        _ = whole.ask(.publish)
        let asked = whole.takeRequests().map(\.method)
        for (method, part) in parts {
            let before = asked.prefix(number).count { $0 == method }
            if before > 0 { fixture.fail(method, at: part, times: before, .before { _ in }) }
            fixture.fail(method, at: part, times: 40, .lostRequest)
        }
        _ = fixture.ask(.publish)
        let next = FlyFixture(fixture.fly { fly, _ in fly })
        next.pass(fixture.now.timeIntervalSince(FlyFixture.beginning))
        let answer = next.ask(.publish)
        #expect(answer.outcome == .committed, "\(answer)")
        #expect(next.served == ["m1": "successor", "m2": "successor"])
        #expect(next.ask(.verify, receipt: answer.receipt).outcome == .match)
    }

    @Test("a machine that was not updated is named, and one that was made or updated later is as good")
    func later() {
        let fixture = FlyFixture(machines: ["m1"])
        let answer = fixture.ask(.publish)
        fixture.pass(60)
        fixture.fly { fly, now in fly.add("m2", at: now) }
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match)
        fixture.fly { fly, _ in fly.machines[0].version = fly.newVersion() }
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match)
        // One that was there before, and that the list had left out.
        fixture.fly { fly, _ in fly.add("m3", at: FlyFixture.beginning) }
        let error = fixture.ask(.verify, receipt: answer.receipt).error
        #expect(
            error?.code == .conflict && error?.message.contains("machine m3 was not updated since") == true,
            "\(error as Any)")
        // A list that lags behind shows the version from before.
        let was = answer.receipt?["machines"]?["m1"]?["was"]?.string ?? ""
        fixture.fly { fly, _ in
            fly.machines.removeLast()
            fly.machines[0].version = was
        }
        #expect(
            fixture.ask(.verify, receipt: answer.receipt).error?.message.contains("machine m1 was not updated") == true)
    }

    @Test(
        "a machine that is not there yet is waited for, and one that is ill is told",
        arguments: [
            ("starting", "passing", "is not started yet (starting)"), ("started", "critical", "fails its check alive"),
        ])
    func states(state: String, check: String, words: String) {
        let fixture = FlyFixture()
        let answer = fixture.ask(.publish)
        fixture.fly { fly, _ in
            fly.machines[1].state = state
            fly.machines[1].check = check
        }
        let error = fixture.ask(.verify, receipt: answer.receipt).error
        #expect(
            error?.code == .unavailable && error?.message.contains("machine m2 \(words)") == true, "\(error as Any)")
        #expect(error?.hint?.contains("ork-verify --wait") == true)
    }

    @Test("an app whose machines all failed is told; one among others does not hold the rest up")
    func failed() {
        let fixture = FlyFixture()
        let answer = fixture.ask(.publish)
        fixture.fly { fly, _ in fly.machines[1].state = "failed" }
        #expect(fixture.ask(.verify, receipt: answer.receipt).message?.contains("(failed)") == true)
        fixture.fly { fly, _ in fly.machines[0].state = "failed" }
        let error = fixture.ask(.verify, receipt: answer.receipt).error
        #expect(error?.message.contains("machine m1 failed (failed), and no other runs") == true, "\(error as Any)")
    }

    @Test("with redeploy: false no machine is asked for, and that is said")
    func off() {
        let fixture = FlyFixture()
        let answer = fixture.ask(.publish, ["redeploy": "false"])
        #expect(
            answer.outcome == .committed && answer.message?.contains("fly secrets deploy -a shop") == true, "\(answer)")
        #expect(fixture.served["m1"] == "predecessor")
        let seen = fixture.ask(.verify, ["redeploy": false], receipt: answer.receipt)
        #expect(seen.outcome == .match && seen.message?.contains("this target does not do that") == true, "\(seen)")
        // Who asks for more does not take that for it.
        #expect(fixture.ask(.verify, receipt: answer.receipt).error?.code == .conflict)
    }

    @Test("an app without machines takes it up with its first deployment")
    func first() {
        let fixture = FlyFixture(machines: [])
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .committed && answer.message?.contains("the first deployment takes it up") == true)
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match)
    }

    @Test("a deploy hook is called, its address told to nobody, and every machine waited for")
    func hook() {
        let fixture = FlyFixture()
        let hook = ["DEPLOY_HOOK": "https://ci.example/deploy/hooksecret0123"]
        let missing = fixture.ask(.publish, ["redeploy": "hook"])
        #expect(missing.error?.field == "env.DEPLOY_HOOK" && fixture.held == "predecessor")
        fixture.fail(.post, at: "ci.example", .answer(404, #"{"error": "no hooksecret0123"}"#))
        let refused = fixture.ask(.publish, ["redeploy": "hook"], variables: hook)
        #expect(
            refused.error != nil && !"\(refused)".contains("hooksecret") && fixture.held == "successor", "\(refused)")
        fixture.fail(.post, at: "ci.example", .answer(200, "{}"))
        let answer = fixture.ask(.publish, ["redeploy": "hook"], variables: hook)
        #expect(answer.outcome == .committed && answer.receipt?["redeployed"] == "hook", "\(answer)")
        #expect(fixture.served["m1"] == "predecessor")
        let early = fixture.ask(.verify, ["redeploy": "hook"], receipt: answer.receipt, variables: hook).error
        #expect(
            early?.code == .unavailable
                && early?.message.contains("machine m1, and 1 more, was not updated by the hook") == true,
            "\(early as Any)")
        fixture.fly { fly, _ in
            for index in fly.machines.indices { fly.machines[index].version = fly.newVersion() }
        }
        #expect(fixture.ask(.verify, ["redeploy": "hook"], receipt: answer.receipt, variables: hook).outcome == .match)
        #expect(
            !fixture.exchanges.contains {
                $0.request.url.description.contains("ci.example") && $0.request.authorization != nil
            })
    }
}
