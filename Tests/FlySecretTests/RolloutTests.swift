import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_fly_secret

/// Machines are updated so that some of each group always run, and what does not run stays so.
@Suite(.tags(.values)) struct RolloutTests {
    @Test("of each group a third is away at once, and the next third waits until this one is well")
    func waves() {
        let fixture = FlyFixture(machines: [])
        fixture.fly { fly, now in
            for number in 1...6 { fly.add("web\(number)", group: "web", at: now) }
            for number in 1...2 { fly.add("work\(number)", group: "worker", at: now) }
        }
        let answer = fixture.ask(.publish)
        #expect(answer.message?.contains("updated 8 machines") == true, "\(answer)")
        let asked = fixture.takeAsked()
        let order = asked.compactMap { line in
            line.hasPrefix("POST /machines/") && !line.hasSuffix("lease")
                ? String(line.split(separator: "/").last ?? "") : nil
        }
        #expect(order == ["web1", "web2", "work1", "web3", "web4", "work2", "web5", "web6"])
        // Each was seen started before the next wave began.
        for (early, late) in [("web2", "web3"), ("work1", "work2"), ("web4", "web5")] {
            let seen = asked.lastIndex(of: "GET /machines/\(early)"),
                begun = asked.firstIndex(of: "POST /machines/\(late)")
            #expect(seen ?? .max < begun ?? 0, "\(early) \(late)")
        }
    }

    @Test("a machine that does not run is updated and stays as it is", arguments: ["stopped", "suspended", "created"])
    func idle(state: String) {
        let fixture = FlyFixture(machines: ["m1"])
        fixture.fly { fly, now in fly.add("m2", state: state, at: now) }
        let answer = fixture.ask(.publish)
        #expect(answer.message?.contains("updated 2 machines (1 not running, and left so)") == true, "\(answer)")
        #expect(fixture.states == ["started", "stopped"] && fixture.served["m2"] == "successor")
        let seen = fixture.ask(.verify, receipt: answer.receipt)
        #expect(seen.outcome == .match && seen.message?.contains("m2 takes it up when it starts") == true, "\(seen)")
    }

    @Test("machines that do not run are not begun with when there is no time left, and that is told")
    func manyIdle() {
        let fixture = FlyFixture(machines: [])
        fixture.fly { fly, now in for number in 1...40 { fly.add("m\(number)", state: "stopped", at: now) } }
        let first = fixture.ask(.publish, within: 25)
        #expect(first.outcome == .committed && first.message?.contains("no time left for") == true, "\(first)")
        #expect(fixture.ask(.verify, receipt: first.receipt).error?.code == .conflict)
        let second = fixture.ask(.publish)
        #expect(fixture.ask(.verify, receipt: second.receipt).outcome == .match && !fixture.states.contains("started"))
    }

    @Test("a machine that starts between the list and its update is launched again, and not stopped")
    func autostarted() {
        let fixture = FlyFixture(machines: [])
        fixture.fly { fly, now in fly.add("m1", state: "stopped", at: now) }
        fixture.fail(.get, at: "/machines", .after { $0.machines[0].state = "started" })
        #expect(fixture.ask(.publish).outcome == .committed)
        #expect(fixture.states == ["started"] && fixture.served["m1"] == "successor")
    }

    @Test("a machine of a deployment is left alone, and one that destroys itself is waited for by verify")
    func ephemeral() {
        let fixture = FlyFixture(machines: ["m1"])
        fixture.fly { fly, now in
            fly.add("release", group: "fly_app_release_command", at: now)
            fly.add("gone", state: "destroyed", at: now)
            fly.add("job", config: ["auto_destroy": true], at: now)
        }
        #expect(fixture.ask(.check).message?.contains("job would end first") == true)
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .committed && answer.message?.contains("left job") == true, "\(answer)")
        #expect(
            fixture.served == [
                "m1": "successor", "release": "predecessor", "gone": "predecessor", "job": "predecessor",
            ])
        let early = fixture.ask(.verify, receipt: answer.receipt).error
        #expect(
            early?.code == .unavailable && early?.message.contains("machine job still runs") == true, "\(early as Any)")
        fixture.fly { fly, _ in fly.machines.removeAll { $0.id == "job" } }
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match)
    }

    @Test(
        "a machine that does not come up is named, and no other is updated after it",
        arguments: [
            (["replacing", "failed"], "machine m1 did not start (failed)"),
            (["replacing", "started", "stopped"], "machine m1 started and ended (stopped)"),
            (["replacing", "stopped"], "machine m1 did not start (stopped)"),
        ])
    func failed(states: [String], words: String) {
        let fixture = FlyFixture(check: nil)
        fixture.fly { fly, _ in fly.launching = states }
        let answer = fixture.ask(.publish)
        guard case .unknown(let error) = answer.outcome else {
            Issue.record("\(answer)")
            return
        }
        #expect(
            error.message.hasPrefix(
                "updated OPENROUTER_API_KEY of app shop, but 1 of 2 machines have it, and \(words)"), "\(error)")
        #expect(error.hint?.contains("fly logs -i m1") == true)
        #expect(fixture.served == ["m1": "successor", "m2": "predecessor"])
        #expect(fixture.ask(.verify).outcome == .unverifiable)
        fixture.fly { fly, _ in fly.launching = ["started"] }
        let again = fixture.ask(.publish)
        #expect(again.outcome == .committed && fixture.served["m2"] == "successor", "\(again)")
        #expect(fixture.ask(.verify, receipt: again.receipt).outcome == .match)
    }

    @Test("a check that fails holds the others back, and once they are updated by another hand verify passes")
    func unhealthy() {
        let fixture = FlyFixture()
        fixture.fly { fly, _ in fly.check = "critical" }
        let answer = fixture.ask(.publish, within: 120)
        let words = answer.message ?? ""
        #expect(
            answer.outcome == .committed && words.contains("machine m1 is not well yet (started, check alive fails)"),
            "\(answer)")
        #expect(words.contains("no time left for m2: `fly secrets deploy -a shop` goes on"))
        #expect(fixture.served == ["m1": "successor", "m2": "predecessor"])
        let early = fixture.ask(.verify, receipt: answer.receipt).error
        #expect(
            early?.message.contains("machine m2 was not updated since") == true
                && early?.hint?.contains("`fly secrets deploy -a shop` does that") == true, "\(early as Any)")
        fixture.fly { fly, _ in
            fly.machines[0].check = "passing"
            fly.machines[1].version = fly.newVersion()
        }
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match)
    }

    @Test("without checks a machine has to run for a while before the next one goes")
    func trial() {
        let fixture = FlyFixture(check: nil)
        fixture.fly { fly, _ in fly.launching = ["started"] }
        #expect(fixture.ask(.publish).outcome == .committed && fixture.slept >= 20)
        let checked = FlyFixture()
        checked.fly { fly, _ in fly.launching = ["started"] }
        #expect(checked.ask(.publish).outcome == .committed && checked.slept == 0)
    }

    @Test("a machine that Fly stops where nobody needs it is well, too")
    func autostopped() {
        let fixture = FlyFixture(machines: [])
        fixture.fly { fly, now in
            fly.add("m1", check: nil, config: ["services": [["internal_port": 8080, "autostop": "suspend"]]], at: now)
            fly.launching = ["starting", "started", "suspended"]
        }
        #expect(fixture.ask(.publish).outcome == .committed)
    }

    @Test("who deploys meanwhile is waited for; a lease that stays is told")
    func leased() {
        let fixture = FlyFixture()
        fixture.fly { fly, now in fly.leasedBySomebody = now.addingTimeInterval(25) }
        #expect(fixture.ask(.publish).outcome == .committed && fixture.slept > 20 && fixture.slept < 35)
        let busy = FlyFixture()
        busy.fly { fly, now in fly.leasedBySomebody = now.addingTimeInterval(900) }
        let error = busy.ask(.publish).error
        #expect(
            error?.code == .conflict
                && error?.message.contains("leased by somebody else: lease currently held by ada") == true,
            "\(error as Any)")
    }

    @Test("a lease is read as the published document has it, and as Fly's own client does", arguments: [false, true])
    func leases(isWrapped: Bool) {
        let fixture = FlyFixture()
        fixture.fly { fly, _ in fly.wrapsLeases = isWrapped }
        #expect(fixture.ask(.publish).outcome == .committed && fixture.served["m1"] == "successor")
    }

    @Test(
        "an update whose answer was lost is found, and not made twice; one that did not arrive is made",
        arguments: [FlyFixture.Fault.lostReply, .garbled(200, "{}"), .garbled(502, ""), .garbled(201, "")])
    func lost(fault: FlyFixture.Fault) {
        let fixture = FlyFixture()
        fixture.fail(.post, at: "/machines/m1", .before { _ in })
        fixture.fail(.post, at: "/machines/m1", fault)
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .committed, "\(answer)")
        let updates = fixture.takeAsked().count { $0 == "POST /machines/m1" }
        #expect(updates == 1 && fixture.served == ["m1": "successor", "m2": "successor"])
        let dropped = FlyFixture()
        dropped.fail(.post, at: "/machines/m2", .before { _ in })
        dropped.fail(.post, at: "/machines/m2", .lostRequest)
        #expect(dropped.ask(.publish).outcome == .committed && dropped.served["m2"] == "successor")
    }

    @Test("a machine that somebody changes meanwhile is read again; one that goes is not missed")
    func changed() {
        let fixture = FlyFixture()
        fixture.fail(
            .get, at: "/machines/m1",
            .after { fly in
                fly.machines[0].version = fly.newVersion()
                fly.machines[0].config["image"] = "registry.fly.io/shop:deployment-02"
            })
        fixture.fail(.get, at: "/machines/m2", .before { $0.machines.removeLast() })
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .committed && fixture.served == ["m1": "successor"], "\(answer)")
        #expect(fixture.fly { fly, _ in fly.machines[0].config["image"] } == "registry.fly.io/shop:deployment-02")
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match)
    }

    @Test("a machine whose host is not reached is told, after the others have it")
    func unreachable() {
        let fixture = FlyFixture()
        fixture.fly { fly, _ in fly.machines[0].hostStatus = "unreachable" }
        #expect(fixture.ask(.check).message?.contains("Fly.io does not reach the host of m1") == true)
        let error = fixture.ask(.publish).error
        #expect(
            error?.message.contains("1 of 2 machines have it, and machine m1 cannot be updated") == true,
            "\(error as Any)")
        #expect(fixture.served == ["m1": "predecessor", "m2": "successor"])
    }

    @Test("a machine whose services are switched off keeps them so")
    func cordoned() {
        let fixture = FlyFixture(machines: ["m1"])
        fixture.fly { fly, _ in fly.machines[0].isCordoned = true }
        #expect(fixture.ask(.publish).outcome == .committed)
        #expect(fixture.fly { fly, _ in fly.machines[0].isCordoned })
    }
}
