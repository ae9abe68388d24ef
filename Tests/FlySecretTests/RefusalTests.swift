import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_fly_secret

/// What Fly.io refuses, and what is no answer.
@Suite(.tags(.values)) struct RefusalTests {
    @Test("a wrong token and another app are told", arguments: Verb.basic)
    func refused(verb: Verb) {
        let fixture = FlyFixture()
        let denied = fixture.ask(verb, token: "wrong").error
        #expect(
            denied?.code == .denied && denied?.message.contains("does not accept the token in FLY_API_TOKEN") == true)
        let missing = fixture.ask(verb, ["app": "other"]).error
        #expect(
            missing?.code == .notFound && missing?.field == "with.app"
                && missing?.message.contains("app not found") == true,
            "\(missing as Any)")
        #expect(fixture.held == "predecessor")
    }

    @Test("a token that may not write is told with what it needs")
    func permission() {
        let fixture = FlyFixture()
        fixture.fly { fly, _ in fly.mayWrite = false }
        let denied = fixture.ask(.publish).error
        #expect(
            denied?.code == .denied && denied?.hint?.contains("fly tokens create deploy -a shop") == true,
            "\(denied as Any)")
        #expect(fixture.held == "predecessor")
    }

    @Test("an update that is refused leaves the write, names the machine, and nobody takes it for one in effect")
    func updateRefused() {
        let fixture = FlyFixture()
        fixture.fail(.post, at: "/machines/m1", .before { _ in })
        fixture.fail(.post, at: "/machines/m1", .answer(422, #"{"error": "could not reserve resource for machine"}"#))
        let answer = fixture.ask(.publish)
        guard case .unknown(let error) = answer.outcome else {
            Issue.record("\(answer)")
            return
        }
        #expect(
            error.message.contains("update machine m1 (422: could not reserve resource") && fixture.held == "successor",
            "\(error)")
        #expect(fixture.served["m2"] == "predecessor" && fixture.ask(.verify).outcome == .unverifiable)
        #expect(fixture.fly { fly, _ in fly.machines.allSatisfy { $0.lease == nil } })
    }

    @Test("too many requests are waited for, as long as Fly.io says or some seconds")
    func limited() {
        let cases: [(headers: [String: String], wait: TimeInterval)] = [(["retry-after": "7"], 7), ([:], 2)]
        for (headers, wait) in cases {
            for (method, part) in [(HTTPRequest.Method.get, "/secrets"), (.post, "/secrets/"), (.post, "/lease")] {
                let fixture = FlyFixture()
                fixture.fly { fly, _ in fly.launching = ["started"] }
                fixture.fail(method, at: part, .answer(429, #"{"error": "rate limit exceeded"}"#, headers: headers))
                #expect(fixture.ask(.publish).outcome == .committed)
                #expect(fixture.slept > wait - 1 && fixture.slept < wait + 2, "\(fixture.slept)")
            }
        }
        let fixture = FlyFixture()
        fixture.fail(.post, at: "/secrets/", .answer(429, "{}", headers: ["retry-after": "900"]))
        let answer = fixture.ask(.publish)
        #expect(answer.error?.code == .rateLimited && answer.error?.retryAfter ?? 0 > 800)
        // Without a word of how long, it waits longer each time.
        let patient = FlyFixture()
        patient.fly { fly, _ in fly.launching = ["started"] }
        patient.fail(.post, at: "/lease", times: 4, .answer(429, "{}"))
        #expect(patient.ask(.publish).outcome == .committed && patient.slept >= 30)
    }

    @Test("an answer that is none is never taken for one, and nothing of it is repeated", arguments: Verb.basic)
    func hostile(verb: Verb) {
        let key = SampleKeys.text(SampleKeys.successor)
        let bodies = [
            "", "{", "[]", "{}", "null", "[7]", #"{"error": "\#(key)"}"#, #"{"secrets": {}}"#,
            #"{"secrets": [{"name": 7}]}"#,
            #"{"secrets": [{"name": "OPENROUTER_API_KEY", "digest": "\#(key)"}]}"#,
            #"{"name": "OTHER", "digest": "x", "version": 9}"#, #"{"name": "OPENROUTER_API_KEY", "version": -1}"#,
            #"[{"id": "../x", "version": "v", "state": "started"}]"#,
            #"[{"id": "m1", "version": 7, "state": "started"}]"#,
            #"[{"id": "m1", "version": "a", "state": "started", "config": 7, "checks": 7}]"#,
            #"{"id": "m2", "version": "b", "state": "started", "config": {}}"#,
            #"{"id": "m1", "version": "01K", "state": "\#(key)", "config": {"metadata": 7, "services": 7, "checks": []}}"#,
            #"{"nonce": "a b", "data": {"nonce": 7}}"#, #"{"data": 7}"#, String(repeating: "[", count: 5000),
        ]
        for body in bodies {
            for status in [200, 302, 404, 418] {
                for part in ["/secrets", "/machines", "/machines/m1", "/lease"] {
                    let fixture = FlyFixture()
                    for method in [HTTPRequest.Method.get, .post, .delete] {
                        fixture.fail(method, at: part, times: 60, .garbled(status, body))
                    }
                    let answer = fixture.ask(verb, within: 40)
                    #expect(answer.outcome != .match, "\(part) \(body)")
                    if answer.outcome == .committed { #expect(fixture.held == "successor") }
                }
            }
        }
        let fixture = FlyFixture()
        fixture.fail(.get, .huge)
        #expect(fixture.ask(verb).error != nil)
    }

    @Test(
        "settings that cannot be meant are refused before anything is sent",
        arguments: [
            ("app", "a/b", "with.app"), ("app", "..", "with.app"), ("app", "-x", "with.app"),
            ("name", "A-B", "with.name"),
            ("name", "1A", "with.name"), ("name", "A/../B", "with.name"), ("redeploy", "maybe", "with.redeploy"),
        ])
    func settings(key: String, value: String, field: String) {
        let fixture = FlyFixture()
        let error = fixture.ask(.publish, [key: .string(value)]).error
        #expect(error?.code == .configuration && error?.field == field, "\(error as Any)")
        #expect(fixture.exchanges.isEmpty)
    }

    @Test("a machine that runs alone in its group, and how many would be updated, is told before")
    func plan() {
        let fixture = FlyFixture(machines: ["m1"])
        fixture.fly { fly, now in fly.add("m2", state: "stopped", at: now) }
        let message = fixture.ask(.check).message ?? ""
        #expect(
            message.contains("would update 2 machines, 1 of which run")
                && message.contains("m1 is the only one of its group"))
    }
}
