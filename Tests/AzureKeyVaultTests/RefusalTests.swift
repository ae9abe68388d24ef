import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

/// What a vault refuses, and what is no answer of one.
@Suite(.tags(.values)) struct RefusalTests {
    @Test("roles and access policies are told apart, each with what is missing")
    func permissions() {
        for (model, hint) in [(StandIn.Model.roles, "Key Vault Secrets Officer"), (.policies, "Get and Set")] {
            let fixture = VaultFixture()
            fixture.azure { azure, _ in (azure.model, azure.allowed) = (model, ["get", "list"]) }
            let error = fixture.ask(.publish).error
            #expect(error?.code == .denied && error?.hint?.contains(hint) == true, "\(error as Any)")
            for verb in Verb.basic {
                fixture.azure { azure, _ in azure.allowed = [] }
                #expect(fixture.ask(verb).error?.code == .denied)
            }
            #expect(fixture.held == ["predecessor"])
        }
        for (reason, words) in [
            ("ForbiddenByFirewall", "network rules"), ("ForbiddenByConnection", "network rules"),
            ("ForbiddenByPolicy", "policy"),
        ] {
            let fixture = VaultFixture()
            fixture.azure { azure, _ in azure.shut = reason }
            let error = fixture.ask(.publish).error
            #expect(error?.code == .denied && error?.message.contains(words) == true, "\(error as Any)")
        }
    }

    @Test("too many requests are waited for, as long as the vault says or 1, 2, 4 seconds")
    func limited() {
        for (headers, wait) in [(["retry-after": "7"], 7.0), ([:], 1)] as [([String: String], TimeInterval)] {
            for method in [HTTPRequest.Method.get, .put] {
                let fixture = VaultFixture()
                fixture.fail(method, .answer(429, #"{"error": {"code": "Throttled"}}"#, headers: headers))
                #expect(fixture.ask(.publish).outcome == .committed && fixture.held == ["predecessor", "successor"])
                #expect(fixture.slept > wait - 1 && fixture.slept < wait + 3, "\(fixture.slept)")
            }
        }
        let fixture = VaultFixture()
        fixture.fail(.put, .answer(429, "{}", headers: ["retry-after": "900"]))
        let answer = fixture.ask(.publish)
        #expect(answer.error?.code == .rateLimited && answer.error?.retryAfter ?? 0 > 800)
    }

    @Test("a name that is still being recovered is told as such")
    func recovering() {
        let fixture = VaultFixture()
        fixture.fail(
            .put, .answer(409, #"{"error": {"code": "Conflict", "innererror": {"code": "ObjectIsBeingRecovered"}}}"#))
        #expect(fixture.ask(.publish).error?.code == .unavailable)
    }

    @Test("an answer that is none is never taken for one, and nothing of it is repeated", arguments: Verb.allCases)
    func hostile(verb: Verb) {
        let key = SampleKeys.text(SampleKeys.successor)
        let id = "https://acme-prod.vault.azure.net/secrets/\(VaultFixture.name)"
        let bodies = [
            "", "{", "[]", "{}", "null", #"{"value": "\#(key)"}"#, #"{"value": "\#(key)", "id": "\#(id)/../x"}"#,
            #"{"value": 7, "id": "\#(id)/0a"}"#, #"{"value": "\#(key)", "id": "https://x/secrets/OTHER/0a"}"#,
            #"{"value": "a", "id": "\#(id)/0a", "tags": {"a": 7}}"#, #"{"value": "a", "id": "\#(id)/0a", "tags": []}"#,
            #"{"value": "a", "id": "\#(id)/0a", "attributes": {"exp": 9e30, "created": 1}}"#,
            #"{"value": "a", "id": "\#(id)/0a", "attributes": {"exp": 9007199254740991, "created": -9007199254740991}}"#,
            #"{"value": [{"id": "\#(id)/..", "attributes": 7}], "nextLink": 7}"#,
            #"{"error": {"message": "\#(key)", "innererror": {"code": "\#(key)"}}}"#,
            #"{"access_token": "", "expires_in": 60}"#, #"{"access_token": "t", "expires_in": -1}"#,
            String(repeating: "[", count: 5000),
        ]
        for body in bodies {
            for status in [200, 302, 403, 404, 418] {
                for part in ["/token", "/secrets/", "/deletedsecrets/", "/versions"] {
                    let fixture = VaultFixture()
                    for method in [HTTPRequest.Method.get, .post, .put] {
                        fixture.fail(method, at: part, times: 30, .garbled(status, body))
                    }
                    let answer = fixture.ask(verb)
                    #expect(
                        answer.outcome != .match || ["/deletedsecrets/", "/versions"].contains(part), "\(part) \(body)")
                    if answer.outcome == .committed { #expect(fixture.held.last == "successor") }
                }
            }
        }
        let fixture = VaultFixture()
        fixture.fail(.get, .huge)
        #expect(fixture.ask(verb).error != nil)
    }
}
