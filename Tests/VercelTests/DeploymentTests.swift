import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium
import TestSupport
import Testing
import VercelSandbox

@testable import ork_publisher_vercel

/// What was written is in effect once production serves a deployment that was made after the write.
@Suite(.tags(.values)) struct DeploymentTests {
    @Test("verify waits for the deployment, and passes only when production serves the key")
    func waits() throws {
        let fixture = VercelFixture()
        let answer = fixture.ask(.publish)
        let id = try #require(answer.receipt?["deployment"]?.string)
        #expect(answer.message?.contains("deploys it as \(id)") == true)
        for state in ["QUEUED", "BUILDING"] {
            fixture.vercel { vercel, _ in vercel.deployments[1].state = state }
            let early = fixture.ask(.verify, receipt: answer.receipt).error
            #expect(
                early?.code == .unavailable && early?.message.contains("\(id) is not live yet (\(state))") == true,
                "\(early as Any)")
            #expect(early?.hint?.contains("ork-verify --wait") == true && fixture.served == "predecessor")
        }
        fixture.finish()
        let seen = fixture.ask(.verify, receipt: answer.receipt)
        #expect(
            seen.outcome == .match && seen.message?.contains("\(id) is live") == true && fixture.served == "successor",
            "\(seen)")
        // Whoever has lost the receipt sees the same by the times.
        #expect(fixture.ask(.verify).outcome == .match)
    }

    @Test("a deployment that failed is told, and the step deploys again", arguments: ["ERROR", "CANCELED", "BLOCKED"])
    func failed(state: String) {
        let fixture = VercelFixture()
        let first = fixture.ask(.publish)
        fixture.finish(as: state)
        let error = fixture.ask(.verify, receipt: first.receipt).error
        #expect(error?.message.contains("failed (\(state))") == true, "\(error as Any)")
        #expect(error?.hint?.contains("ork-publish --accept-target web") == true)
        let again = fixture.ask(.publish)
        #expect(again.outcome == .unchanged && again.receipt?["deployment"] != first.receipt?["deployment"], "\(again)")
        fixture.finish()
        #expect(fixture.ask(.verify, receipt: again.receipt).outcome == .match && fixture.served == "successor")
    }

    @Test("what was written and not deployed is not in effect: whoever died between is made up for, once")
    func crashed() {
        let fixture = VercelFixture()
        fixture.pass(10)
        fixture.vercel { vercel, now in vercel.set("var2", SampleKeys.text(SampleKeys.successor), at: now) }
        let error = fixture.ask(.verify).error
        #expect(
            error?.code == .conflict && error?.message.contains("nothing was deployed with it") == true,
            "\(error as Any)")
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .unchanged && answer.receipt?["redeployed"] == true, "\(answer)")
        let again = fixture.ask(.publish)
        #expect(again.receipt?["deployment"] == answer.receipt?["deployment"] && fixture.count == 2, "\(again)")
        fixture.finish()
        #expect(fixture.ask(.publish).outcome == .unchanged && fixture.count == 2)
        #expect(fixture.ask(.verify, receipt: again.receipt).outcome == .match)
    }

    @Test(
        "whoever publishes cannot say in the receipt that production has the key",
        arguments: [["written": 0], ["deployment": "dpl_3"], ["written": 0, "deployment": "dpl_3"]] as [JSONObject])
    func receipt(claims: JSONObject) throws {
        let fixture = VercelFixture()
        let id = fixture.vercel { vercel, _ in vercel.deployments[0].id }
        fixture.pass(10)
        fixture.vercel { vercel, now in vercel.set("var2", SampleKeys.text(SampleKeys.successor), at: now) }
        var receipt = claims
        receipt["written_for"] = .string(Digest(of: SampleKeys.successor).description)
        if receipt["deployment"] != nil { receipt["deployment"] = .string("\(id)") }
        #expect(fixture.served == "predecessor")
        #expect(fixture.ask(.verify, receipt: receipt).error?.code == .conflict)
    }

    @Test("an edit in Vercel after the deployment is not known to be harmless, and deploying again is enough")
    func edited() throws {
        let fixture = VercelFixture()
        let answer = fixture.ask(.publish)
        fixture.finish()
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match)
        fixture.pass(10)
        fixture.vercel { vercel, now in vercel.set("var2", SampleKeys.text(SampleKeys.successor), at: now) }
        let error = fixture.ask(.verify, receipt: answer.receipt).error
        #expect(
            error?.message.contains("was made before its last edit in Vercel") == true, "\(error as Any)")
        #expect(error?.hint?.contains("ork-publish --accept-target web") == true)
        let again = fixture.ask(.publish)
        fixture.finish()
        #expect(again.outcome == .unchanged && fixture.count == 3)
        #expect(fixture.ask(.verify, receipt: again.receipt).outcome == .match)
    }

    @Test("a deployment whose answer was lost is found, and not made twice")
    func lost() {
        for fault in [VercelFixture.Fault.lostReply, .garbled(200, "{}"), .garbled(502, "")] {
            let fixture = VercelFixture()
            fixture.fail(.post, at: "/deployments", fault)
            let answer = fixture.ask(.publish)
            #expect(answer.outcome == .committed && fixture.count == 2, "\(answer)")
            fixture.finish()
            #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match)
        }
    }

    @Test("a deployment that is refused leaves the write, and nobody takes it for one in effect")
    func refused() {
        let fixture = VercelFixture()
        fixture.fail(
            .post, at: "/deployments", .answer(402, #"{"error": {"code": "payment_required", "message": "no"}}"#))
        let answer = fixture.ask(.publish)
        guard case .unknown(let error) = answer.outcome else {
            Issue.record("\(answer)")
            return
        }
        #expect(
            error.code == .denied && error.message.hasPrefix("updated OPENROUTER_API_KEY")
                && fixture.held == ["successor"])
        #expect(fixture.ask(.verify).error?.code == .conflict)
    }

    @Test(
        "an instant rollback, and a promotion of an earlier deployment, is noticed; going on again is enough",
        arguments: ["rollback", "promote"], [false, true])
    func ledBack(type: String, showsNewest: Bool) throws {
        let fixture = VercelFixture()
        #expect(fixture.ask(.check).message?.contains("instant rollback in Vercel brings back") == true)
        let answer = fixture.ask(.publish)
        let id = try #require(answer.receipt?["deployment"]?.string)
        fixture.finish()
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match)
        fixture.pass(60)
        fixture.vercel { vercel, now in
            vercel.showsNewest = showsNewest
            vercel.lead(to: vercel.deployments[0].id, as: type, at: now)
        }
        #expect(fixture.served == "predecessor")
        for receipt in [answer.receipt, nil] {
            let error = fixture.ask(.verify, receipt: receipt).error
            #expect(
                error?.code == .conflict && error?.message.contains("leads production to deployment dpl_3") == true,
                "\(error as Any)")
            #expect(error?.hint?.contains("vercel promote \(id)") == true)
        }
        fixture.pass(60)
        fixture.vercel { vercel, now in vercel.lead(to: id, as: "promote", at: now) }
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match && fixture.served == "successor")
    }

    @Test(
        "where a new deployment gets no domains by itself, check says so, and verify until somebody has promoted it",
        arguments: [false, true])
    func staged(isRolledBack: Bool) throws {
        let fixture = VercelFixture()
        fixture.vercel { vercel, now in
            if isRolledBack { vercel.lead(to: vercel.deployments[0].id, as: "rollback", at: now) }
            vercel.assignsDomains = isRolledBack
        }
        let words = isRolledBack ? "production is rolled back" : "gives a new deployment no domains by itself"
        #expect(fixture.ask(.check).message?.contains(words) == true)
        let answer = fixture.ask(.publish)
        let id = try #require(answer.receipt?["deployment"]?.string)
        #expect(answer.message?.contains("`vercel promote \(id)` does that") == true, "\(answer)")
        fixture.finish()
        let error = fixture.ask(.verify, receipt: answer.receipt).error
        #expect(error?.code == .conflict && error?.hint?.contains("vercel promote \(id)") == true, "\(error as Any)")
        #expect(fixture.served == "predecessor")
        // Another deployment would not be served either.
        #expect(fixture.ask(.publish).receipt?["deployment"]?.string == id && fixture.count == 2)
        fixture.vercel { vercel, now in vercel.lead(to: id, as: "promote", at: now) }
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match && fixture.served == "successor")
    }

    @Test("a deployment that somebody makes later is as good, and one whose domains are still moving is waited for")
    func later() {
        let fixture = VercelFixture()
        let answer = fixture.ask(.publish)
        fixture.finish(as: "ERROR")
        fixture.vercel { vercel, now in vercel.deploy(at: now) }
        fixture.finish()
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match && fixture.served == "successor")
        for words in [("PROMOTED", "ROLLING"), ("\"aliasAssigned\":true", "\"aliasAssigned\":false")] {
            fixture.fail(
                .get, at: "/projects/shop?",
                .changedAnswer { response in
                    let text = String(decoding: response.body, as: UTF8.self)
                    response.body = Array(text.replacing(words.0, with: words.1).utf8)
                })
            let error = fixture.ask(.verify, receipt: answer.receipt).error
            #expect(
                error?.code == .unavailable && error?.message.contains("still being led") == true, "\(error as Any)")
        }
    }

    @Test("with redeploy: false, and where nothing is production's, nothing is deployed, and that is said")
    func off() {
        let fixture = VercelFixture()
        let answer = fixture.ask(.publish, ["redeploy": "false"])
        #expect(answer.outcome == .committed && answer.message?.contains("this target does not start one") == true)
        #expect(fixture.count == 1 && fixture.ask(.verify, ["redeploy": false]).outcome == .match)
        let preview = VercelFixture(records: [["preview"]])
        #expect(preview.ask(.publish, ["redeploy": true]).error?.field == "with.redeploy")
        #expect(preview.held == ["predecessor"])
        let written = preview.ask(.publish)
        #expect(
            written.outcome == .committed && written.message?.contains("when they are made anew") == true, "\(written)")
        #expect(preview.count == 0 && preview.ask(.verify).outcome == .match)
    }

    @Test("a project that was never deployed has nothing to deploy again; its first deployment counts")
    func first() {
        let fixture = VercelFixture(records: [["production"]])
        let answer = fixture.ask(.publish)
        #expect(
            answer.outcome == .committed && answer.message?.contains("its first deployment takes it up") == true,
            "\(answer)")
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match)
        fixture.vercel { vercel, now in vercel.deploy(at: now) }
        #expect(fixture.ask(.verify, receipt: answer.receipt).error?.code == .unavailable)
        fixture.finish()
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match && fixture.served == "successor")
    }

    @Test("a hook makes the first deployment, too, and one that somebody makes after a failed one is waited for")
    func others() {
        let hook = ["DEPLOY_HOOK": "https://api.vercel.com/v1/integrations/deploy/prj_shop/hooksecret0123"]
        let first = VercelFixture(records: [["production"]])
        first.fail(.post, at: "/integrations/", .answer(201, "{}"))
        let answer = first.ask(.publish, ["redeploy": "hook"], variables: hook)
        let early = first.ask(.verify, ["redeploy": "hook"], receipt: answer.receipt, variables: hook).error
        #expect(early?.message.contains("hook's deployment is not there yet") == true, "\(answer) \(early as Any)")
        let fixture = VercelFixture()
        let failed = fixture.ask(.publish)
        fixture.finish(as: "ERROR")
        fixture.vercel { vercel, now in vercel.deploy(at: now) }
        let error = fixture.ask(.verify, receipt: failed.receipt).error
        #expect(error?.message.contains("dpl_5 is not live yet (QUEUED)") == true, "\(error as Any)")
    }

    @Test("a deploy hook is called, its address told to nobody, and its deployment waited for")
    func hook() {
        let fixture = VercelFixture()
        let hook = ["DEPLOY_HOOK": "https://api.vercel.com/v1/integrations/deploy/prj_shop/hooksecret0123"]
        let missing = fixture.ask(.publish, ["redeploy": "hook"])
        #expect(missing.error?.field == "env.DEPLOY_HOOK" && fixture.held == ["predecessor"])
        fixture.fail(.post, at: "/integrations/", .answer(404, #"{"error": {"message": "no hooksecret0123"}}"#))
        let failed = fixture.ask(.publish, ["redeploy": "hook"], variables: hook)
        #expect(
            failed.error != nil && !"\(failed)".contains("hooksecret") && fixture.held == ["successor"], "\(failed)")
        fixture.fail(.post, at: "/integrations/", .answer(201, #"{"job": {"id": "j", "state": "PENDING"}}"#))
        let answer = fixture.ask(.publish, ["redeploy": "hook"], variables: hook)
        #expect(answer.outcome == .unchanged && answer.receipt?["redeployed"] == "hook", "\(answer)")
        let early = fixture.ask(.verify, ["redeploy": "hook"], receipt: answer.receipt, variables: hook).error
        #expect(
            early?.code == .unavailable && early?.message.contains("hook's deployment is not there yet") == true,
            "\(early as Any)")
        fixture.vercel { vercel, now in vercel.deploy(at: now) }
        let building = fixture.ask(.verify, ["redeploy": "hook"], receipt: answer.receipt, variables: hook).error
        #expect(building?.message.contains("is not live yet") == true)
        fixture.finish()
        #expect(fixture.ask(.verify, ["redeploy": "hook"], receipt: answer.receipt, variables: hook).outcome == .match)
        #expect(
            !fixture.exchanges.contains {
                $0.request.url.description.contains("integrations") && $0.request.authorization != nil
            })
    }

    @Test("a target takes so many exchanges and no more")
    func exchanges() {
        let list = "GET /v10/projects/shop/env?slug=acme"
        let project = "GET /v9/projects/shop?slug=acme&rollbackInfo=true"
        let read = "GET /v1/projects/shop/env/var2?slug=acme"
        let fixture = VercelFixture()
        _ = fixture.ask(.check)
        #expect(
            fixture.takeAsked() == [
                project, list, read, "GET /v1/env?slug=acme&projectId=prj_shop&search=OPENROUTER_API_KEY",
            ])
        let answer = fixture.ask(.publish)
        #expect(
            fixture.takeAsked() == [
                project, list, read, "PATCH /v9/projects/shop/env/var2?slug=acme",
                "POST /v13/deployments?slug=acme&forceNew=1",
            ])
        fixture.finish()
        _ = fixture.ask(.verify, receipt: answer.receipt)
        #expect(fixture.takeAsked() == [project, list, read])
    }
}

extension VercelFixture {
    /// How many deployments there are.
    var count: Int { vercel { vercel, _ in vercel.deployments.count } }
}
