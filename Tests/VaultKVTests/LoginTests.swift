import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_vault_kv

/// Tokens that the publisher obtains, and what becomes of them.
@Suite(.tags(.servers)) struct LoginTests {
    private static let appRole: JSONObject = ["auth": "approle"]
    private static let jwt: JSONObject = ["auth": "jwt", "auth_mount": "ci"]

    /// The tokens that were used since the last time.
    private func takeTokens(_ fixture: VaultFixture) -> [Secret] {
        var tokens: [Secret] = []
        for token in fixture.transport.take().compactMap(\.bearer) where !tokens.contains(token) {
            tokens.append(token)
        }
        return tokens
    }

    /// Lets the publisher give its token back. There are seconds for it, which a busy machine may use up.
    private func finish(_ publisher: VaultKVPublisher, _ token: Secret, _ fixture: VaultFixture) throws {
        for _ in 1...5 where try isAlive(token, fixture) { publisher.finish() }
    }

    /// Whether Vault knows a token.
    private func isAlive(_ token: Secret, _ fixture: VaultFixture) throws -> Bool {
        try fixture.server.ask(.get, "auth/token/lookup-self", as: token).status == 200
    }

    @Test("it logs in once for all targets, and gives the token back when the work is done")
    func once() async throws {
        try await VaultFixture.run { fixture in
            let publisher = try fixture.publisher(fixture.appRole("ork"))
            for field in ["A", "B"] {
                let with: JSONObject = ["auth": "approle", "field": .string(field)]
                #expect(try fixture.ask(.publish, with, of: publisher, target: field).outcome == .committed)
            }
            let asked = fixture.transport.take()
            #expect(asked.filter { $0.url.description.hasSuffix("/auth/approle/login") }.count == 1)
            let token = try #require(asked.last?.bearer)
            #expect(try isAlive(token, fixture))
            try finish(publisher, token, fixture)
            #expect(try !isAlive(token, fixture))
            #expect(Set(fixture.takeAsked()) == ["POST auth/token/revoke-self"])
        }
    }

    @Test("a token is given back after a failure too, and one that was given is left alone")
    func afterFailure() async throws {
        try await VaultFixture.run { fixture in
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.foreign)])
            let publisher = try fixture.publisher(fixture.appRole("ork"))
            #expect(try fixture.ask(.publish, Self.appRole, of: publisher).error?.code == .conflict)
            let token = try #require(takeTokens(fixture).last)
            try finish(publisher, token, fixture)
            #expect(try !isAlive(token, fixture))
            let given = try fixture.publisher()
            _ = try fixture.ask(.check, of: given)
            given.finish()
            #expect(try isAlive(fixture.server.token("full"), fixture))
        }
    }

    @Test("a token that cannot be revoked is not, and a server that does not answer is no reason to wait")
    func unrevocable() async throws {
        try await VaultFixture.run { fixture in
            let publisher = try fixture.publisher(fixture.appRole("batch"))
            #expect(try fixture.ask(.publish, Self.appRole, of: publisher).outcome == .committed)
            _ = fixture.takeAsked()
            publisher.finish()
            #expect(fixture.takeAsked() == [])
        }
        try await VaultFixture.run { fixture in
            let publisher = try fixture.publisher(fixture.appRole("ork"))
            _ = try fixture.ask(.check, Self.appRole, of: publisher)
            _ = fixture.takeAsked()
            fixture.fail(.post, "revoke-self", times: 9, .dropRequest)
            publisher.finish()
            #expect(fixture.clock.slept < 3)
        }
    }

    @Test("a token that nears its end is renewed, and replaced when that helps no more")
    func renewed() async throws {
        try await VaultFixture.run { fixture in
            let publisher = try fixture.publisher(fixture.appRole("brief"))
            #expect(try fixture.ask(.publish, Self.appRole, of: publisher).outcome == .committed)
            let first = try #require(takeTokens(fixture).last)
            fixture.clock.pass(32)
            #expect(try fixture.ask(.verify, Self.appRole, of: publisher).outcome == .match)
            #expect(fixture.takeAsked().prefix(1) == ["POST auth/token/renew-self"])
            // Vault's own clock stands, so it is told that the token is at its end.
            fixture.clock.pass(300)
            #expect(try fixture.ask(.verify, Self.appRole, of: publisher).outcome == .match)
            #expect(fixture.takeAsked().prefix(1) == ["POST auth/approle/login"])
            _ = try fixture.ask(.verify, Self.appRole, of: publisher)
            let second = try #require(takeTokens(fixture).last)
            #expect(second != first)
            try finish(publisher, second, fixture)
            #expect(try !isAlive(second, fixture))
        }
    }

    @Test("a token that Vault drops in the midst of the work is replaced, and the write is made")
    func dropped() async throws {
        try await VaultFixture.run { fixture in
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.predecessor)])
            let publisher = try fixture.publisher(fixture.appRole("ork"))
            _ = try fixture.ask(.check, Self.appRole, of: publisher)
            let token = try #require(takeTokens(fixture).last)
            try fixture.server.ask(.post, "auth/token/revoke", ["token": .string(SampleKeys.text(token))])
            fixture.clock.pass(2)
            let answer = try fixture.ask(.publish, Self.appRole, of: publisher)
            #expect(answer.outcome == .committed, "\(answer)")
            #expect(
                fixture.takeAsked() == [
                    "GET secret/data/…", "POST auth/approle/login", "GET secret/data/…", "PATCH secret/data/…",
                    "PATCH secret/metadata/…",
                ])
        }
    }

    @Test("a token that may be used a few times is replaced in time, and is no reason to fail")
    func fewUses() async throws {
        try await VaultFixture.run { fixture in
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.predecessor)])
            let publisher = try fixture.publisher(fixture.appRole("few"))
            let answer = try fixture.ask(.publish, Self.appRole, of: publisher)
            #expect(answer.outcome == .committed, "\(answer)")
            #expect(answer.message?.contains("not marked") == false)
            let asked = fixture.takeAsked()
            #expect(asked.count { $0.hasSuffix("approle/login") } == 2)
            // Nothing was refused.
            #expect(asked.count == 6, "\(asked)")
            publisher.finish()
        }
    }

    @Test("what Vault repeats of a credential is not shown", arguments: ["approle", "jwt"])
    func repeated(method: String) async throws {
        try await VaultFixture.run { fixture in
            let secret = try method == "jwt" ? fixture.server.identity("good") : fixture.server.role("ork").secretID
            let body: JSONValue = ["errors": [.string("no: \(SampleKeys.text(secret)) is bad")]]
            fixture.fail(
                .post, "login",
                .answer(status: 400, headers: [("Content-Type", "application/json")], body: body.text()))
            let environment = try fixture.appRole("ork").merging(["VAULT_ID_TOKEN": SampleKeys.text(secret)]) { $1 }
            let answer = try fixture.ask(.publish, ["auth": .string(method)], of: fixture.publisher(environment))
            #expect(answer.error?.message.hasSuffix("(400: no: <redacted> is bad)") == true, "\(answer)")
        }
    }

    @Test("a lost answer to a login is no reason to fail")
    func lostLogin() async throws {
        try await VaultFixture.run { fixture in
            fixture.fail(.post, "login", .dropReply)
            let publisher = try fixture.publisher(fixture.appRole("ork"))
            #expect(try fixture.ask(.publish, Self.appRole, of: publisher).outcome == .committed)
        }
    }

    @Test("a secret id that is good for one login carries a whole batch")
    func onceOnly() async throws {
        let server = try await onOwnThread { try OpenBaoServer() }
        try await onOwnThread {
            let fixture = try VaultFixture(server)
            let publisher = try fixture.publisher(fixture.appRole("once"))
            #expect(try fixture.ask(.publish, Self.appRole, of: publisher).outcome == .committed)
            fixture.clock.pass(85)
            let answer = try fixture.ask(.verify, Self.appRole, of: publisher)
            #expect(answer.outcome == .match, "\(answer)")
            publisher.finish()
            let second = try fixture.ask(.verify, Self.appRole, of: fixture.publisher(fixture.appRole("once")))
            #expect(second.error?.code == .denied)
            #expect(second.error?.hint?.contains("used up") == true)
        }
    }

    @Test("it logs in with the token that GitLab gives a job", arguments: ["VAULT_ID_TOKEN", "MY_TOKEN"])
    func gitLab(variable: String) async throws {
        try await VaultFixture.run { fixture in
            let publisher = try fixture.publisher([variable: SampleKeys.text(fixture.server.identity("good"))])
            var with = Self.jwt
            if variable != "VAULT_ID_TOKEN" { with["id_token"] = .string(variable) }
            with["role"] = "ork"
            #expect(try fixture.ask(.publish, with, of: publisher).outcome == .committed)
            let token = try #require(takeTokens(fixture).last)
            try finish(publisher, token, fixture)
            #expect(try !isAlive(token, fixture))
        }
    }

    @Test("it asks GitHub for a token with the wanted audience, and logs in with it", arguments: [true, false])
    func gitHub(isRight: Bool) async throws {
        try await VaultFixture.run { fixture in
            let identity = try SampleKeys.text(fixture.server.identity(isRight ? "good" : "other_audience"))
            let issuer = try LoopbackServer { request, connection in
                let isAuthorised = request.message.headers.contains {
                    $0.name.lowercased() == "authorization" && $0.value == "Bearer request-token"
                }
                connection.respond(
                    isAuthorised ? 200 : 401, headers: [("Content-Type", "application/json")],
                    body: #"{"value": "\#(identity)"}"#)
            }
            let publisher = try fixture.publisher([
                "ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:\(issuer.port)/token?api-version=2.0",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-token",
            ])
            let with: JSONObject = ["auth": "jwt", "auth_mount": "ci", "audience": "https://vault.example"]
            let answer = try fixture.ask(.publish, with, of: publisher)
            #expect(
                issuer.requests.map(\.message.target) == [
                    "/token?api-version=2.0&audience=https%3A%2F%2Fvault.example"
                ])
            if isRight {
                #expect(answer.outcome == .committed, "\(answer)")
            } else {
                #expect(answer.error?.code == .denied)
            }
            #expect(!Redactor([Secret(identity), Secret("request-token")]).contains("\(answer)".utf8))
        }
    }

    @Test(
        "a token of the CI system that Vault does not take is told apart",
        arguments: ["other_audience", "other_repository", "expired"])
    func refusedIdentity(name: String) async throws {
        try await VaultFixture.run { fixture in
            let identity = try fixture.server.identity(name)
            let answer = try fixture.ask(
                .publish, Self.jwt, of: fixture.publisher(["VAULT_ID_TOKEN": SampleKeys.text(identity)]))
            #expect(answer.outcome.word == "rejected" && answer.error?.code == .denied, "\(answer)")
            #expect(
                answer.error?.message.hasPrefix("Vault does not let this job log in by JWT at ci (400: ") == true,
                "\(answer)")
            #expect(answer.error?.hint?.contains("bound_claims") == true)
            #expect(!Redactor([identity]).contains("\(answer)".utf8))
        }
    }
}
