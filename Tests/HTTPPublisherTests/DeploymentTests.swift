import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import TestSupport
import Testing

@testable import ork_publisher_http

/// What was written is in effect once something runs that was made after the write.
@Suite(.tags(.values)) struct DeploymentTests {
    private static let triggered = Kind.allCases.filter { $0.traits.deployPart != nil }
    private static let numbered = triggered.filter(\.traits.hasIDs)
    private static let alone = Kind.allCases.filter { $0.traits.states != nil && $0.traits.deployPart == nil }

    @Test("verify waits for the deployment, tells one that failed, and the step deploys again", arguments: numbered)
    func waits(kind: Kind) throws {
        let fixture = PlatformFixture(kind)
        let states = try #require(kind.traits.states)
        let answer = fixture.ask(.publish)
        let id = try #require(answer.receipt?["deployment"]?.string)
        #expect(answer.outcome == .committed && answer.message?.contains(id) == true)
        let early = fixture.ask(.verify, receipt: answer.receipt).error
        #expect(
            early?.code == .unavailable && early?.message.contains("\(id) is not live yet") == true, "\(early as Any)")
        fixture.platform { platform, _ in platform.deployments[0].state = states.failed }
        let failed = fixture.ask(.verify, receipt: answer.receipt).error
        #expect(failed?.message.contains("\(id) failed (\(states.failed))") == true, "\(failed as Any)")
        let again = fixture.ask(.publish)
        #expect(again.outcome == kind.repeated && again.receipt?["deployment"]?.string != id)
        fixture.goLive()
        #expect(
            fixture.ask(.verify, receipt: again.receipt).outcome == (kind.isVerifiable ? .match : .unverifiable))
    }

    @Test(
        "a good deployment that is held back, or a rollback, is not in effect; a later one is",
        arguments: Kind.allCases.filter(\.traits.tellsServed))
    func served(kind: Kind) {
        let fixture = PlatformFixture(kind)
        fixture.platform { platform, now in _ = platform.deploy(at: now) }
        fixture.goLive()
        fixture.platform { platform, _ in platform.pinned = "dep-1" }
        fixture.pass(10)
        let answer = fixture.ask(.publish)
        #expect(answer.receipt?["deployment"] == "dep-2")
        fixture.goLive()
        let held = fixture.ask(.verify, receipt: answer.receipt).error
        #expect(held?.message.contains("deployment dep-1 is served, which was made before") == true, "\(held as Any)")
        let good: PublisherOutcome = kind.isVerifiable ? .match : .unverifiable
        fixture.platform { platform, _ in platform.pinned = nil }
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == good)
        fixture.pass(10)
        fixture.platform { platform, now in _ = platform.deploy(at: now) }
        fixture.goLive()
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == good)
    }

    @Test(
        "what was written and not deployed is not in effect: whoever died between is made up for", arguments: numbered)
    func crashed(kind: Kind) {
        let fixture = PlatformFixture(kind, holding: SampleKeys.successor)
        fixture.platform { platform, now in _ = platform.deploy(at: now) }
        fixture.goLive()
        #expect(fixture.ask(.verify).error?.code == .conflict)
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == kind.repeated && answer.receipt?["deployment"] == "dep-2", "\(answer)")
        #expect(fixture.ask(.verify, receipt: answer.receipt).error?.code == .unavailable)
    }

    @Test("a deployment whose answer was lost is found, and not made twice", arguments: triggered)
    func lost(kind: Kind) {
        let fixture = PlatformFixture(kind)
        fixture.fail(.post, at: kind.traits.deployPart ?? "", .lostReply)
        let answer = fixture.ask(.publish)
        guard kind.traits.hasIDs else {
            #expect(answer.error != nil && fixture.held == "successor")
            return
        }
        #expect(answer.outcome == .committed && answer.receipt?["deployment"] == "dep-1", "\(answer)")
        #expect(fixture.platform { platform, _ in platform.deployments.count } == 1)
    }

    @Test("a deployment that is refused leaves the write, and nobody takes it for one in effect", arguments: triggered)
    func refused(kind: Kind) {
        let fixture = PlatformFixture(kind)
        fixture.fail(.post, at: kind.traits.deployPart ?? "", .answer(403, #"{"message": "no"}"#))
        let answer = fixture.ask(.publish)
        guard case .unknown(let error) = answer.outcome else {
            Issue.record("\(answer)")
            return
        }
        #expect(error.code == .denied && error.message.hasPrefix("updated") && fixture.held == "successor")
    }

    @Test("with redeploy: false nothing is deployed, and that is said", arguments: triggered)
    func off(kind: Kind) {
        let fixture = PlatformFixture(kind)
        let answer = fixture.ask(.publish, ["redeploy": false])
        #expect(answer.outcome == .committed && answer.message?.contains("this target does not") == true)
        #expect(fixture.platform { platform, _ in platform.deployments.isEmpty })
        #expect(fixture.ask(.verify, ["redeploy": "false"]).outcome == (kind.isVerifiable ? .match : .unverifiable))
    }

    @Test("where the service deploys by itself, only what was made after the write counts", arguments: alone)
    func byItself(kind: Kind) throws {
        let fixture = PlatformFixture(kind)
        let states = try #require(kind.traits.states)
        fixture.platform { platform, now in _ = platform.deploy(at: now) }
        fixture.goLive()
        fixture.pass(10)
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .committed, "\(answer)")
        #expect(fixture.ask(.verify, receipt: answer.receipt).error?.message.contains("not live yet") == true)
        fixture.platform { platform, _ in platform.deployments[1].state = states.failed }
        let failed = fixture.ask(.verify, receipt: answer.receipt).error
        #expect(failed?.message.contains("failed (\(states.failed))") == true, "\(failed as Any)")
        // What ran before is not what was written, however well it runs.
        fixture.platform { platform, _ in platform.deployments.removeLast() }
        let before = fixture.ask(.verify, receipt: answer.receipt).error
        #expect(before?.message.contains("made before it was written") == true, "\(before as Any)")
        fixture.platform { platform, now in _ = platform.deploy(at: now) }
        fixture.goLive()
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match)
    }

    @Test(
        "what a service repeats of a deploy hook's address is told to nobody",
        arguments: [
            "https://api.example.com/deploy/srv-web?key=hooksecret0123", "/deploy/srv-web?key=hooksecret0123",
            "no key hooksecret0123", "no hook%2Dpath%2D0123 there", "hook-path-0123",
        ])
    func hookRepeated(words: String) throws {
        let fixture = PlatformFixture(.render)
        let hook = ["DEPLOY_HOOK": "https://api.example.com/deploy/srv-web/hook-path-0123?key=hooksecret0123&x=%31"]
        let body = JSONValue.object(["message": .string(words)]).text()
        fixture.fail(.post, at: "/deploy/", .answer(400, body))
        let error = try #require(fixture.ask(.publish, ["redeploy": "hook"], variables: hook).error)
        #expect(error.message.contains("<redacted>"), "\(error)")
        #expect(!"\(error)".contains("0123"), "\(error)")
    }

    @Test("a deploy hook is called, its address told to nobody")
    func hook() {
        let fixture = PlatformFixture(.render)
        let hook = ["DEPLOY_HOOK": "https://api.render.com/deploy/srv-web?key=hooksecret0123"]
        let missing = fixture.ask(.publish, ["redeploy": "hook"])
        #expect(missing.error?.field == "env.DEPLOY_HOOK" && fixture.held == "predecessor")
        fixture.fail(
            .post, at: "/deploy/",
            .answer(500, #"{"message": "https://api.render.com/deploy/srv-web?key=hooksecret0123"}"#))
        fixture.fail(.post, at: "/deploy/", .answer(200, #"{"deploy": {"id": "dep-9"}}"#))
        let doubt = fixture.ask(.publish, ["redeploy": "hook"], variables: hook)
        #expect(!"\(doubt)".contains("hooksecret"))
        let answer = fixture.ask(.publish, ["redeploy": "hook"], variables: hook)
        #expect(answer.outcome == .unchanged && answer.receipt?["redeployed"] == "hook", "\(answer)")
        let seen = fixture.ask(.verify, ["redeploy": "hook"], receipt: answer.receipt, variables: hook)
        #expect(seen.outcome == .unverifiable && seen.message?.contains("probe") == true)
    }
}

extension PlatformFixture {
    /// Every deployment is live.
    func goLive() {
        platform { platform, _ in
            guard let live = platform.kind.traits.states?.live else { return }
            for index in platform.deployments.indices { platform.deployments[index].state = live }
        }
    }
}
