import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

import VercelSandbox
@testable import ork_publisher_vercel

/// A variable is written in place, and whatever Vercel keeps beside the value stays.
@Suite(.tags(.values)) struct PublishTests {
    @Test(
        "a predecessor is replaced by its value alone; neighbours and everything else stay",
        arguments: ["encrypted", "plain"])
    func updated(type: String) throws {
        let fixture = VercelFixture(type: type)
        let before = fixture.shapes
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .committed && fixture.held == ["successor"], "\(answer)")
        #expect(fixture.shapes == before && answer.receipt?["change"] == "updated" && answer.held == .predecessor)
        let patch = try #require(fixture.exchanges.first { $0.request.method == .patch }?.request)
        let body = try JSONValue(parsing: #require(patch.body))
        #expect(body.object?.keys == ["value"])
    }

    @Test("what is there already is left alone")
    func unchanged() {
        let fixture = VercelFixture(holding: SampleKeys.successor)
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .unchanged && answer.held == .successor, "\(answer)")
        #expect(!fixture.exchanges.contains { $0.request.method != .get })
    }

    @Test("a value that the rotation does not know is a conflict, and stays", arguments: Verb.basic)
    func conflict(verb: Verb) {
        let fixture = VercelFixture(holding: SampleKeys.foreign)
        let answer = fixture.ask(verb)
        if verb == .verify {
            #expect(answer.outcome == .mismatch)
        } else {
            #expect(answer.error?.code == .conflict && answer.error?.field == "with.name", "\(answer)")
        }
        #expect(fixture.held == ["foreign"])
    }

    @Test("a variable is made only where somebody says so, and for the environments that the target names")
    func created() throws {
        let fixture = VercelFixture(holding: nil)
        let refused = fixture.ask(.publish)
        #expect(refused.error?.code == .notFound && fixture.held == [], "\(refused)")
        let nowhere = fixture.ask(.publish, create: true)
        #expect(nowhere.error?.field == "with.environments" && fixture.held == [], "\(nowhere)")
        let with: JSONObject = ["environments": ["production", "preview/feature/one", "staging"]]
        #expect(fixture.ask(.check, with, create: true).message?.contains("would make") == true)
        let answer = fixture.ask(.publish, with, create: true)
        #expect(answer.outcome == .committed && fixture.held == ["successor", "successor"], "\(answer)")
        #expect(answer.receipt?["change"] == "created")
        let made = fixture.vercel { vercel, _ in
            vercel.records.suffix(2).map { [$0.type] + $0.target + $0.customEnvironmentIds }
        }
        #expect(made == [["encrypted", "production", "env_staging"], ["encrypted", "preview"]])
        #expect(fixture.vercel { vercel, _ in vercel.records.last?.gitBranch } == "feature/one")
        #expect(!fixture.exchanges.contains { $0.request.url.description.contains("upsert") })
    }

    @Test("a team's policy that asks for sensitive variables is told, and kept to with sensitive: true")
    func policy() {
        let fixture = VercelFixture(holding: nil)
        fixture.vercel { vercel, _ in vercel.wantsSensitive = true }
        let with: JSONObject = ["environments": "production"]
        let refused = fixture.ask(.publish, with, create: true)
        #expect(refused.error?.message.contains("requires sensitive") == true, "\(refused)")
        let answer = fixture.ask(.publish, ["environments": "production", "sensitive": true], create: true)
        #expect(answer.outcome == .committed, "\(answer)")
        let development = fixture.ask(.check, ["environments": "production,development", "sensitive": "true"])
        #expect(development.error?.field == "with.sensitive")
    }

    @Test("a sensitive variable is written unseen, told so, and known by its time")
    func sensitive() {
        let fixture = VercelFixture(type: "sensitive")
        #expect(fixture.ask(.check).message?.contains("is not compared") == true)
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .committed && fixture.held == ["successor"], "\(answer)")
        #expect(answer.message?.contains("to nobody") == true)
        fixture.finish()
        let seen = fixture.ask(.verify, receipt: answer.receipt)
        #expect(seen.outcome == .unverifiable && seen.message?.contains("probe") == true, "\(seen)")
        fixture.pass(60)
        fixture.vercel { vercel, now in vercel.set("var2", "another", at: now) }
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .mismatch)
    }

    @Test("an answer that got lost is settled by reading", arguments: ["encrypted", "sensitive"])
    func lost(type: String) {
        for fault in [VercelFixture.Fault.lostReply, .lostRequest, .garbled(500, "{}"), .garbled(200, "[]")] {
            let fixture = VercelFixture(type: type)
            fixture.fail(.patch, fault)
            let answer = fixture.ask(.publish)
            #expect(answer.outcome == .committed && fixture.held == ["successor"], "\(answer)")
        }
        // Its time tells that it arrived, where its value cannot be read.
        let fixture = VercelFixture(type: type)
        fixture.fail(.patch, .garbled(200, "[]"))
        _ = fixture.ask(.publish)
        #expect(fixture.exchanges.count { $0.request.method == .patch } == 1)
        for fault in [VercelFixture.Fault.lostReply, .lostRequest, .garbled(500, "{}"), .garbled(201, "[]")] {
            let fixture = VercelFixture(holding: nil)
            fixture.fail(.post, at: "/env", fault)
            let answer = fixture.ask(.publish, ["environments": "production"], create: true)
            #expect(answer.outcome == .committed && fixture.held == ["successor"], "\(answer)")
        }
    }

    @Test("whoever makes or removes the record between reading and writing is met by reading again")
    func overtaken() {
        let made = VercelFixture(holding: nil)
        made.fail(
            .post, at: "/env",
            .before { $0.add(VercelFixture.name, SampleKeys.text(SampleKeys.predecessor), at: VercelFixture.beginning) }
        )
        let first = made.ask(.publish, ["environments": "production"], create: true)
        #expect(first.outcome == .committed && made.held == ["successor"], "\(first)")
        let hidden = VercelFixture(holding: nil)
        let taken = #"{"error": {"code": "ENV_CONFLICT", "message": "a variable with this name exists"}}"#
        hidden.fail(.post, at: "/env", times: 9, .answer(400, taken))
        let error = hidden.ask(.publish, ["environments": "production"], create: true).error
        #expect(error?.message.contains("a variable with this name exists") == true, "\(error as Any)")
        let removed = VercelFixture()
        removed.fail(.patch, .before { $0.records.removeAll { $0.key == VercelFixture.name } })
        let second = removed.ask(.publish)
        #expect(second.error?.code == .notFound && removed.held == [], "\(second)")
    }

    @Test("records are found on every page, and a list that goes in a circle ends")
    func pages() {
        let fixture = VercelFixture()
        fixture.vercel { vercel, now in
            for number in 0..<25 { vercel.add("OTHER_\(number)", "x", at: now) }
            vercel.pageSize = 10
        }
        #expect(fixture.ask(.publish).outcome == .committed && fixture.held == ["successor"])
        let circle = VercelFixture()
        circle.fail(
            .get, at: "/env?", times: 9,
            .changedAnswer { response in
                let text = String(decoding: response.body, as: UTF8.self)
                response.body = Array(text.replacing("\"next\":null", with: "\"next\":7").utf8)
            })
        #expect(circle.ask(.publish).outcome == .committed && circle.held == ["successor"])
    }

    @Test("a system variable, and an older kind of secret, is never written", arguments: ["system", "secret"])
    func otherKinds(type: String) {
        let fixture = VercelFixture(type: type)
        let answer = fixture.ask(.publish)
        #expect(
            answer.error?.message.contains("of the kind \(type)") == true && fixture.held == ["predecessor"],
            "\(answer)")
    }
}

extension VercelFixture {
    /// Every deployment under way is ready, and production's domains lead to the last.
    func finish(as state: String = "READY") { vercel { vercel, _ in vercel.finish(as: state) } }
}
