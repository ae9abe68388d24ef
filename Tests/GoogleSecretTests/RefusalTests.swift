import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_google_secret

/// What Google refuses, and what is no answer.
@Suite(.tags(.values)) struct RefusalTests {
    @Test("a wrong token, another project and another service are told", arguments: Verb.basic)
    func refused(verb: Verb) {
        let fixture = CloudFixture()
        let denied = fixture.ask(verb, token: "wrong").error
        #expect(
            denied?.code == .denied
                && denied?.message.contains("does not accept the token in GOOGLE_OAUTH_ACCESS_TOKEN") == true,
            "\(denied as Any)")
        #expect(fixture.ask(verb, ["project": "other"]).error?.code == .denied)
        let missing = fixture.ask(verb, ["services": ["europe-west1/other"]])
        if verb != .verify { #expect(missing.error?.field == "with.services", "\(missing)") }
    }

    @Test("a token that may not write, and one that may not deploy, is told with what it needs")
    func permissions() {
        let reader = CloudFixture()
        reader.google { google, _ in google.mayWrite = false }
        let denied = reader.ask(.publish).error
        #expect(denied?.hint?.contains("roles/secretmanager.secretVersionAdder") == true, "\(denied as Any)")
        #expect(reader.held == ["predecessor"])
        let writer = CloudFixture()
        writer.google { google, _ in google.mayDeploy = false }
        let answer = writer.ask(.publish)
        guard case .unknown(let error) = answer.outcome else {
            Issue.record("\(answer)")
            return
        }
        #expect(
            error.message.hasPrefix("added version 2") && error.hint?.contains("roles/run.developer") == true,
            "\(error)")
        #expect(writer.ask(.verify).error?.code == .conflict)
    }

    @Test("a newest version that is disabled is a conflict")
    func disabled() {
        let fixture = CloudFixture()
        fixture.google { google, _ in google.secrets[CloudFixture.name]?[0].state = "DISABLED" }
        let error = fixture.ask(.publish).error
        #expect(error?.code == .conflict && error?.hint?.contains("disabled or destroyed") == true, "\(error as Any)")
    }

    @Test("too many requests are waited for, as long as Google says or a minute")
    func limited() {
        for (headers, wait) in [(["retry-after": "7"], 7.0), ([:], 60.0)] as [([String: String], TimeInterval)] {
            for method in [HTTPRequest.Method.get, .post, .patch] {
                let fixture = CloudFixture()
                fixture.fail(method, .answer(429, #"{"error": {"status": "RESOURCE_EXHAUSTED"}}"#, headers: headers))
                #expect(fixture.ask(.publish).outcome == .committed)
                #expect(fixture.slept > wait - 1 && fixture.slept < wait + 2, "\(fixture.slept)")
            }
        }
    }

    @Test("an answer that is none is never taken for one, and nothing of it is repeated", arguments: Verb.basic)
    func hostile(verb: Verb) {
        let key = SampleKeys.text(SampleKeys.successor)
        let bodies = [
            "", "{", "[]", "{}", "null", #"{"error": {"message": "\#(key)"}}"#,
            #"{"name": "versions/x", "payload": {"data": "!"}}"#,
            #"{"name": "versions/7", "payload": {"data": 7}}"#, #"{"name": "versions/-1", "createTime": "soon"}"#,
            #"{"etag": 7, "template": {}}"#, #"{"etag": "e", "template": 7}"#,
            #"{"etag": "e", "template": {"containers": 7, "volumes": [{"secret": 7}]}}"#,
            #"{"etag": "e", "template": {}, "trafficStatuses": [{"percent": 100, "revision": "../\#(key)"}]}"#,
            #"{"createTime": "2999-01-01T00:00:00Z"}"#, String(repeating: "[", count: 5000),
        ]
        for body in bodies {
            for status in [200, 302, 404, 418] {
                for part in [":access", ":addVersion", "/versions/2", "/services/web", "/revisions/"] {
                    let fixture = CloudFixture()
                    for method in [HTTPRequest.Method.get, .post, .patch] {
                        fixture.fail(method, at: part, times: 30, .garbled(status, body))
                    }
                    let answer = fixture.ask(verb)
                    #expect(answer.outcome != .match, "\(part) \(body)")
                    if answer.outcome == .committed { #expect(fixture.held == ["predecessor", "successor"]) }
                }
            }
        }
        let fixture = CloudFixture()
        fixture.fail(.get, .huge)
        #expect(fixture.ask(verb).error != nil)
    }

    @Test(
        "settings that cannot be meant are refused before anything is sent",
        arguments: [
            ("project", "a/b", "with.project"), ("project", "..", "with.project"), ("name", "a.b", "with.name"),
            ("name", "a/../b", "with.name"), ("services", "web", "with.services"),
            ("services", "a/../b", "with.services"),
            ("services", "a/b/c/d", "with.services"), ("redeploy", "maybe", "with.redeploy"),
            ("run_url", "http://run.example", "with.run_url"), ("account", "x@y.z", "with.account"),
        ])
    func settings(key: String, value: String, field: String) {
        let fixture = CloudFixture()
        let error = fixture.ask(.publish, [key: .string(value)]).error
        #expect(error?.code == .configuration && error?.field == field, "\(error as Any)")
        #expect(fixture.exchanges.isEmpty)
    }
}
