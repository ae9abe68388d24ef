import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

import VercelSandbox
@testable import ork_publisher_vercel

/// What Vercel refuses, and what is no answer.
@Suite(.tags(.values)) struct RefusalTests {
    @Test("a wrong token, another project and another team are told", arguments: Verb.basic)
    func refused(verb: Verb) {
        let fixture = VercelFixture()
        let denied = fixture.ask(verb, token: "wrong").error
        #expect(
            denied?.code == .denied && denied?.message.contains("does not accept the token in VERCEL_TOKEN") == true)
        for with in [["project": "other"], ["team": "other"], ["team": nil]] as [JSONObject] {
            let missing = fixture.ask(verb, with).error
            #expect(missing?.code == .notFound && missing?.hint?.contains("team") == true, "\(with) \(missing as Any)")
        }
        #expect(fixture.held == ["predecessor"])
    }

    @Test("a token that may not write, and one from which production is hidden, is told with what it needs")
    func permissions() {
        let reader = VercelFixture()
        reader.vercel { vercel, _ in vercel.mayWrite = false }
        let denied = reader.ask(.publish).error
        #expect(denied?.code == .denied && denied?.hint?.contains("Project Administrator") == true, "\(denied as Any)")
        for verb in Verb.basic {
            let developer = VercelFixture(records: [["production"], ["preview"]])
            developer.vercel { vercel, _ in vercel.maySeeProduction = false }
            let hidden = developer.ask(verb).error
            #expect(
                hidden?.code == .denied && hidden?.message.contains("hides production's variables") == true,
                "\(hidden as Any)")
            let preview = developer.ask(verb, ["environments": "preview"])
            #expect(preview.error == nil, "\(preview)")
        }
        #expect(reader.held == ["predecessor"])
    }

    @Test("too many requests are waited for, as long as Vercel says or a minute")
    func limited() {
        let reset = Int(VercelFixture.beginning.timeIntervalSince1970) + 31
        let cases: [(body: String, headers: [String: String], wait: TimeInterval)] = [
            ("{}", ["retry-after": "7"], 7), ("{}", [:], 60), ("{}", ["x-ratelimit-reset": "\(reset)"], 30),
            (#"{"error": {"code": "rate_limited", "limit": {"reset": \#(reset)}}}"#, [:], 30),
        ]
        for (body, headers, wait) in cases {
            for method in [HTTPRequest.Method.get, .patch, .post] {
                let fixture = VercelFixture()
                fixture.fail(method, .answer(429, body, headers: headers))
                #expect(fixture.ask(.publish).outcome == .committed)
                #expect(fixture.slept > wait - 3 && fixture.slept < wait + 5, "\(fixture.slept)")
            }
        }
        let fixture = VercelFixture()
        fixture.fail(.patch, .answer(429, "{}", headers: ["retry-after": "900"]))
        let answer = fixture.ask(.publish)
        #expect(answer.error?.code == .rateLimited && answer.error?.retryAfter ?? 0 > 800)
    }

    @Test("an answer that is none is never taken for one, and nothing of it is repeated", arguments: Verb.basic)
    func hostile(verb: Verb) {
        let key = SampleKeys.text(SampleKeys.successor)
        let bodies = [
            "", "{", "[]", "{}", "null", #"{"id": "../..", "value": null}"#, #"{"error": {"message": "\#(key)"}}"#,
            #"{"envs": [{"id": "../x", "key": "OPENROUTER_API_KEY", "type": "plain"}]}"#,
            #"{"envs": {}, "pagination": {"next": -1}}"#, #"{"id": "prj_shop", "name": "\#(key)", "targets": 7}"#,
            #"{"id": "dpl_9/../..", "created": {"id": "a b"}, "key": "OPENROUTER_API_KEY", "value": 7}"#,
            #"{"key": "OTHER", "value": "\#(key)", "id": "x"}"#, String(repeating: "[", count: 5000),
        ]
        for body in bodies {
            for status in [200, 302, 404, 418] {
                for part in ["/projects/shop?", "/env?", "/env/var", "/deployments"] {
                    let fixture = VercelFixture()
                    for method in [HTTPRequest.Method.get, .post, .patch] {
                        fixture.fail(method, at: part, times: 30, .garbled(status, body))
                    }
                    let answer = fixture.ask(verb)
                    #expect(answer.outcome != .match, "\(part) \(body)")
                    if answer.outcome == .committed { #expect(fixture.held == ["successor"]) }
                }
            }
        }
        let fixture = VercelFixture()
        fixture.fail(.get, .huge)
        #expect(fixture.ask(verb).error != nil)
    }

    @Test(
        "settings that cannot be meant are refused before anything is sent",
        arguments: [
            ("project", "a/b", "with.project"), ("project", "..", "with.project"), ("team", "a b", "with.team"),
            ("name", "A-B", "with.name"), ("name", "1A", "with.name"), ("environments", "", "with.environments"),
            ("environments", "prod uction", "with.environments"), ("records", "../x", "with.records"),
            ("redeploy", "maybe", "with.redeploy"), ("sensitive", "perhaps", "with.sensitive"),
        ])
    func settings(key: String, value: String, field: String) {
        let fixture = VercelFixture()
        let error = fixture.ask(.publish, [key: .string(value)]).error
        #expect(error?.code == .configuration && error?.field == field, "\(error as Any)")
        #expect(fixture.exchanges.isEmpty)
    }

    @Test("environments and records are two ways to say one thing")
    func both() {
        let error = VercelFixture().ask(.check, ["environments": "production", "records": "var2"]).error
        #expect(error?.field == "with.records")
    }
}
