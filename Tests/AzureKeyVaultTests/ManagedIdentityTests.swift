import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_azure_key_vault

/// A machine's or an app's own identity: whom the publisher asks for its tokens over plain http, and what it believes.
@Suite(.tags(.values)) struct ManagedIdentityTests {
    private static let machine = "http://169.254.169.254"

    private static func app(_ endpoint: String) -> [String: String] {
        ["IDENTITY_ENDPOINT": endpoint, "IDENTITY_HEADER": StandIn().identityHeader]
    }

    private static func ask(
        _ fixture: VaultFixture, as identity: JSONValue = "system",
        _ variables: [String: String] = [:], _ more: JSONObject = [:]
    ) -> PublisherAnswer {
        var with: JSONObject = ["tenant": nil, "client": nil, "managed_identity": identity]
        for (key, value) in more.members { with[key] = value }
        return fixture.ask(.publish, with, variables: variables)
    }

    @Test("a machine's metadata service and an app's endpoint give tokens of its own identity and of an assigned one")
    func ways() {
        let assigned = StandIn().assigned
        for identity in ["system", assigned] {
            let client = identity == "system" ? "" : assigned
            let cases: [([String: String], String)] = [
                ([:], "GET /metadata/identity/oauth2/token 2018-02-01 https://vault.azure.net \(client) true "),
                (
                    Self.app("http://127.0.0.1:41741/msi/token"),
                    "GET /msi/token 2019-08-01 https://vault.azure.net \(client) true \(StandIn().identityHeader)"
                ),
                (
                    Self.app("http://169.254.129.3:8081/msi/token"),
                    "GET /msi/token 2019-08-01 https://vault.azure.net \(client) true \(StandIn().identityHeader)"
                ),
            ]
            for (variables, asked) in cases {
                let fixture = VaultFixture()
                let answer = Self.ask(fixture, as: .string(identity), variables)
                #expect(answer.outcome == .committed && fixture.held.last == "successor", "\(answer)")
                #expect(fixture.azure { azure, _ in azure.identityRequests } == [asked])
                let hosts = Set(fixture.exchanges.map(\.request.url.host))
                #expect(hosts.count == 2 && hosts.contains("acme-prod.vault.azure.net"), "\(hosts)")
            }
        }
    }

    @Test("nobody's link is asked unless the target says so")
    func unasked() {
        let fixture = VaultFixture()
        let answer = fixture.ask(.publish, variables: Self.app("http://127.0.0.1:41741/msi/token"))
        #expect(answer.error?.code == .configuration && answer.error?.hint?.contains("managed_identity") == true)
        #expect(fixture.exchanges.isEmpty)
    }

    @Test(
        "no other address is asked, however it is written",
        arguments: [
            "http://10.0.0.1", "http://169.254.169.253", "http://169.254.170.2", "http://169.254.169.254:8080",
            "http://169.254.169.254/x", "http://169.254.169.254.evil.example", "http://2852039166", "http://0xa9fea9fe",
            "http://169.254.0251.254", "http://[::ffff:169.254.169.254]", "http://[fd00:ec2::254]",
            "http://169.254.169.254@evil.example", "http://evil.example", "https://169.254.169.254",
            "https://evil.example", "file:///etc/passwd", "169.254.169.254",
        ])
    func elsewhere(address: String) {
        let fixture = VaultFixture()
        let error = Self.ask(fixture, ["AZURE_POD_IDENTITY_AUTHORITY_HOST": address]).error
        #expect(error?.code == .configuration && error?.field == "env.AZURE_POD_IDENTITY_AUTHORITY_HOST")
        // An app's endpoint may be anywhere on the link.
        if !address.hasPrefix("http://169.254.16") && !address.hasPrefix("http://169.254.170.2")
            || address.contains("evil")
        {
            let app = Self.ask(fixture, Self.app(address + "/msi/token")).error
            #expect(app?.code == .configuration && app?.field == "env.IDENTITY_ENDPOINT", "\(app as Any)")
        }
        #expect(fixture.exchanges.isEmpty)
    }

    @Test("a redirection is not followed, and what it says is no token")
    func redirected() {
        for variables in [[:], Self.app("http://127.0.0.1:41741/msi/token")] {
            let fixture = VaultFixture()
            fixture.fail(
                .get, at: "/token",
                .answer(302, #"{"access_token": "t"}"#, headers: ["location": "https://evil.example/token"]))
            let error = Self.ask(fixture, variables).error
            #expect(error?.code == .denied && error?.hint?.contains("none of Azure's") == true, "\(error as Any)")
            #expect(fixture.takeRequests().count == 1)
        }
    }

    @Test(
        "what is no token is not taken for one, and goes to no vault",
        arguments: [
            "", "{", "[]", "{}", "null", #"{"access_token": 7, "expires_in": "60"}"#, #"{"access_token": "t"}"#,
            #"{"access_token": "", "expires_in": "60"}"#, #"{"access_token": "t", "expires_in": "0"}"#,
            #"{"access_token": "t", "expires_in": "999999999"}"#, #"{"access_token": "t", "expires_on": "1"}"#,
            #"{"access_token": "t", "expires_on": "-9223372036854775808"}"#,
            #"{"access_token": "t\r\nX-Evil: 1", "expires_in": "60"}"#, #"{"access_token": "a b", "expires_in": "60"}"#,
        ])
    func hostile(body: String) {
        let fixture = VaultFixture()
        fixture.fail(.get, at: "/metadata", .answer(200, body))
        let answer = Self.ask(fixture)
        #expect(answer.error?.code == .unavailable && fixture.held == ["predecessor"], "\(answer)")
        #expect(fixture.takeRequests().allSatisfy { $0.url.host == "169.254.169.254" })
    }

    @Test("a metadata service that is being renewed is waited for, and one that is not there is told as such")
    func renewed() {
        for status in [404, 410, 429, 503] {
            let fixture = VaultFixture()
            fixture.fail(.get, at: "/metadata", times: 2, .answer(status, "{}"))
            #expect(Self.ask(fixture).outcome == .committed && fixture.slept > 0, "\(status)")
        }
        let fixture = VaultFixture()
        fixture.fail(.get, at: "/metadata", times: 50, .answer(404, "<html>"))
        let error = Self.ask(fixture).error
        #expect(error?.code == .denied && error?.hint?.contains("log in otherwise") == true, "\(error as Any)")
        let elsewhere = VaultFixture()
        elsewhere.fail(.get, at: "/metadata", times: 50, .lostRequest)
        let nobody = Self.ask(elsewhere).error
        #expect(nobody?.code == .unavailable && nobody?.hint?.contains("where the identity is") == true)
    }

    @Test("what is refused is told with what to look at")
    func refused() {
        let fixture = VaultFixture()
        fixture.azure { azure, _ in azure.hasIdentity = false }
        let none = Self.ask(fixture).error
        #expect(none?.code == .denied && none?.field == "with.managed_identity", "\(none as Any)")
        #expect(none?.message.contains("Identity not found") == true)
        let wrong = ["IDENTITY_ENDPOINT": "http://localhost:1/msi/token", "IDENTITY_HEADER": "wrong_0123456789"]
        fixture.fail(.get, at: "/msi", .answer(401, #"{"message": "no wrong_0123456789"}"#))
        let header = Self.ask(fixture, wrong).error
        #expect(header?.hint?.contains("IDENTITY_HEADER") == true, "\(header as Any)")
        #expect(header?.message.contains("wrong_") == false)
        let cases: [(JSONValue, JSONObject, [String: String], String)] = [
            ("system", ["tenant": "x"], [:], "with.tenant"), ("system", ["client": "x"], [:], "with.client"),
            ("a/b", [:], [:], "with.managed_identity"),
            ("system", [:], ["AZURE_CLIENT_SECRET": "x"], "with.managed_identity"),
            ("system", [:], ["AZURE_ACCESS_TOKEN": "x"], "with.managed_identity"),
            ("system", [:], ["IDENTITY_ENDPOINT": "http://127.0.0.1:1/msi/token"], "env.IDENTITY_HEADER"),
        ]
        for (identity, with, variables, field) in cases {
            let fixture = VaultFixture()
            let error = Self.ask(fixture, as: identity, variables, with).error
            #expect(error?.code == .configuration && error?.field == field, "\(error as Any)")
            #expect(fixture.exchanges.isEmpty)
        }
        let inChina = VaultFixture()
        inChina.azure { azure, _ in azure.resource = "https://vault.azure.cn" }
        let refusal = Self.ask(inChina).error
        #expect(refusal?.code == .denied && refusal?.field == "with.managed_identity", "\(refusal as Any)")
    }
}
