import FoundationEssentials
import GitHubSandbox
import HTTP
import JSON
import Secrets
import Sodium
import TestSupport
import Testing

@Suite(.tags(.values)) struct SecretsTests {
    private var fixture = GitHubSandboxFixture()

    /// Every list of secrets, its store, its scope, and what a write needs beside the box.
    static let lists: [(list: String, store: SecretStore, scope: Scope, more: JSONObject)] = [
        ("/repos/acme/web/actions/secrets", .actions, .repository("acme/web"), [:]),
        ("/repos/acme/web/dependabot/secrets", .dependabot, .repository("acme/web"), [:]),
        ("/repos/acme/web/codespaces/secrets", .codespaces, .repository("acme/web"), [:]),
        (
            "/repos/acme/web/environments/production/secrets", .actions, .environment("production", of: "acme/web"),
            [:]
        ),
        ("/repos/acme/web/environments/eu%2Fwest/secrets", .actions, .environment("eu/west", of: "acme/web"), [:]),
        ("/orgs/acme/actions/secrets", .actions, .organisation("acme"), ["visibility": "all"]),
        ("/orgs/acme/dependabot/secrets", .dependabot, .organisation("acme"), ["visibility": "private"]),
        ("/orgs/acme/codespaces/secrets", .codespaces, .organisation("acme"), ["visibility": "selected"]),
    ]

    @Test("a secret is created, replaced, listed and deleted", arguments: lists)
    mutating func life(list: String, store: SecretStore, scope: Scope, more: JSONObject) throws {
        #expect(try fixture.ask(.get, list).json == ["total_count": 0, "secrets": []])
        #expect(try fixture.ask(.get, list + "/KEY").status == 404)
        #expect(try fixture.ask(.delete, list + "/KEY").status == 404)
        let created = try fixture.put("key", "first", to: list, more)
        #expect(created.status == 201)
        #expect(created.json == [:])
        fixture.wait(10)
        let replaced = try fixture.put("KEY", "second", to: list, more)
        #expect(replaced.status == 204)
        #expect(replaced.response.body.isEmpty)
        #expect(fixture.github.plaintext(store: store, scope: scope, name: "KEY") == Secret("second"))
        let seen = try fixture.ask(.get, list + "/Key")
        #expect(seen.status == 200)
        #expect(seen[member: "name"] == "KEY")
        #expect(seen[member: "created_at"] == "2026-09-21T14:13:20Z")
        #expect(seen[member: "updated_at"] == "2026-09-21T14:13:30Z")
        #expect(seen[member: "visibility"] == more["visibility"])
        #expect((seen[member: "selected_repositories_url"] != nil) == (more["visibility"] == "selected"))
        #expect(try fixture.ask(.get, list)[member: "secrets"]?.array?.first == seen.json)
        #expect(try fixture.ask(.delete, list + "/KEY").status == 204)
        #expect(try fixture.ask(.get, list + "/KEY").status == 404)
    }

    @Test mutating func everyShelfHasItsOwnKeyAndItsOwnNames() throws {
        let keys = try Self.lists.map { try fixture.ask(.get, $0.list + "/public-key").json }
        #expect(Set(keys).count == keys.count)
        #expect(try Self.lists.map { try fixture.ask(.get, $0.list + "/public-key").json } == keys)
        #expect(try fixture.put("KEY", "x", to: Self.lists[0].list).status == 201)
        for list in Self.lists.dropFirst() { #expect(try fixture.ask(.get, list.list + "/KEY").status == 404) }
    }

    @Test("a write that breaks a rule is refused and writes nothing", arguments: lists)
    mutating func refusals(list: String, store: SecretStore, scope: Scope, more: JSONObject) throws {
        let good = try #require(try fixture.sealed("x", for: list, more).object)
        let stranger = try BoxKeyPair(seed: Secret([UInt8](repeating: 7, count: 32)))
        let other = Data(try BoxKeyPair.seal(Secret("x"), to: stranger.publicKey)).base64EncodedString()
        let large = try fixture.sealed(String(repeating: "x", count: 48_001), for: list, more)
        let improper = "Bad request - validation failed due to an improperly encrypted secret"
        let cases: [(String, JSONValue, String)] = [
            ("KEY", .object(good.without("key_id")), "Invalid request.\n\n\"key_id\" wasn't supplied."),
            (
                "KEY", .object(good.without("key_id").without("encrypted_value")),
                "Invalid request.\n\n\"encrypted_value\", \"key_id\" weren't supplied."
            ),
            ("KEY", .object(good.with("key_id", "1")), improper),
            ("KEY", .object(good.with("key_id", 1)), "Invalid request.\n\nFor 'properties/key_id', 1 is not a string."),
            ("KEY", .object(good.with("encrypted_value", .string(other))), improper),
            ("KEY", .object(good.with("encrypted_value", "")), improper),
            ("KEY", .object(good.with("encrypted_value", "c2VjcmV0")), improper),
            ("KEY", large, "Value is too large."),
            ("GITHUB_KEY", .object(good), "Secret names must not start with GITHUB_."),
            ("github_key", .object(good), "Secret names must not start with GITHUB_."),
        ]
        for (name, body, message) in cases {
            let answer = try fixture.ask(.put, list + "/" + name, body)
            #expect(answer.status == 422, "\(message)")
            #expect(answer.message == message)
            #expect(answer[member: "status"] == "422")
            #expect(answer[member: "documentation_url"]?.string?.contains("#create-or-update-") == true)
        }
        for name in ["1KEY", "a-b", "a.b", "a%20b", "%C3%A4"] {
            let answer = try fixture.ask(.put, list + "/" + name, .object(good))
            #expect(answer.status == 422)
            #expect(answer.message?.hasPrefix("Secret names can only contain alphanumeric characters") == true)
        }
        for value in ["no-base64", "c2VjcmV", "c2VjcmV0\n", "_-_-"] {
            let answer = try fixture.ask(.put, list + "/KEY", .object(good.with("encrypted_value", .string(value))))
            #expect(answer.status == 422)
            #expect(answer.message?.hasPrefix("Invalid request.\n\n\(value) does not match /^(?:[A-Za") == true)
        }
        #expect(try fixture.ask(.put, list + "/KEY", .array([])).message == "Body should be a JSON object")
        #expect(try fixture.ask(.get, list)[member: "total_count"] == 0)
        #expect(try fixture.ask(.put, list + "/KEY", .object(good)).status == 201)
        #expect(try fixture.put("LARGE", String(repeating: "x", count: 48_000), to: list, more).status == 201)
    }

    @Test mutating func aBodyThatIsNoJSONIsABadRequest() throws {
        let url = try HTTPURL("http://127.0.0.1/github/repos/acme/web/actions/secrets/KEY")
        let request = HTTPRequest(
            .put, url, headers: [("user-agent", "ork")], bearer: fixture.github.token, body: Array("{".utf8))
        let answer = Answer(response: fixture.github.answer(request, at: fixture.now))
        #expect(answer.status == 400)
        #expect(answer.message == "Problems parsing JSON")
    }

    @Test mutating func otherPublicKeysMakeTheKnownOnesStale() throws {
        let list = "/repos/acme/web/actions/secrets"
        let stale = try fixture.sealed("x", for: list)
        fixture.github.replacePublicKeys()
        #expect(try fixture.ask(.put, list + "/KEY", stale).status == 422)
        #expect(try fixture.put("KEY", "x", to: list).status == 201)
    }

    @Test mutating func aBoxThatDoesNotOpenMayBeStoredUnopened() throws {
        fixture.github.storesWhatDoesNotOpen = true
        let list = "/repos/acme/web/actions/secrets"
        let body = try #require(try fixture.sealed("x", for: list).object).with("encrypted_value", "c2VjcmV0")
        #expect(try fixture.ask(.put, list + "/KEY", .object(body)).status == 201)
        let stored = try #require(fixture.github.stored(scope: .repository("acme/web"), name: "KEY"))
        #expect(stored.plaintext == nil)
        #expect(stored.encryptedValue == "c2VjcmV0")
    }

    @Test mutating func anEnvironmentThatIsNotThereHasNoSecrets() throws {
        for path in ["public-key", "KEY", ""] {
            let answer = try fixture.ask(.get, "/repos/acme/web/environments/staging/secrets/" + path)
            #expect(answer.status == 404)
            #expect(answer.message == "Not Found")
        }
        #expect(try fixture.ask(.get, "/repos/acme/web/environments/Production/secrets").status == 200)
    }
}

extension JSONObject {
    func without(_ name: String) -> JSONObject {
        var other = self
        other[name] = nil
        return other
    }

    func with(_ name: String, _ value: JSONValue) -> JSONObject {
        var other = self
        other[name] = value
        return other
    }
}
