import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_azure_key_vault

/// Who the publisher is to a vault, and to whom it shows that.
@Suite(.tags(.values)) struct LoginTests {
    @Test("a client's secret, a file, a variable, GitHub's token and a given token are ways in")
    func ways() throws {
        let azure = StandIn()
        let folder = try TemporaryDirectory()
        let file = try folder.write(azure.identity + "\n", to: "token")
        let ids = ["AZURE_TENANT_ID": azure.tenant, "AZURE_CLIENT_ID": azure.clientID]
        let ways = [
            ["AZURE_CLIENT_SECRET": azure.clientSecret], ["AZURE_FEDERATED_TOKEN_FILE": file],
            ["AZURE_FEDERATED_TOKEN": azure.identity], VaultFixture.gitHub,
        ]
        for variables in ways {
            let fixture = VaultFixture()
            let answer = fixture.ask(
                .publish, ["tenant": nil, "client": nil], variables: variables.merging(ids) { $1 })
            #expect(answer.outcome == .committed, "\(variables.keys) \(answer)")
            let logins = fixture.exchanges.filter { $0.request.url.host == "login.microsoftonline.com" }
            #expect(logins.count == 1 && logins[0].request.headers.contains { $0.value.contains("form-urlencoded") })
        }
        let fixture = VaultFixture()
        fixture.azure { azure, now in
            azure.tokens["given_token_0123456789"] = (now.addingTimeInterval(60), "https://vault.azure.net/.default")
        }
        let given = fixture.ask(
            .publish, ["tenant": nil, "client": nil], variables: ["AZURE_ACCESS_TOKEN": "given_token_0123456789"])
        #expect(
            given.outcome == .committed && fixture.exchanges.allSatisfy { $0.request.url.host.hasPrefix("acme-prod") })
    }

    @Test("GitHub makes its token for Azure's exchange, or for the audience that the target names")
    func audience() {
        for (setting, expected) in [(nil, "api://AzureADTokenExchange"), ("ours", "ours")] as [(String?, String)] {
            let fixture = VaultFixture()
            _ = fixture.ask(.check, setting.map { ["audience": .string($0)] } ?? [:], variables: VaultFixture.gitHub)
            #expect(fixture.azure { azure, _ in azure.audiences } == [expected])
        }
    }

    @Test("each cloud has its own vaults and its own login, and a token goes to no other address")
    func clouds() {
        for cloud in AzureCloud.allCases {
            for with in [
                ["vault": .string("https://acme-prod.\(cloud.suffix)/")], ["cloud": .string(cloud.rawValue)],
            ] as [JSONObject] {
                let fixture = VaultFixture()
                fixture.azure { azure, _ in azure.resource = "https://\(cloud.suffix)" }
                #expect(fixture.ask(.publish, with).outcome == .committed)
                let hosts = Set(fixture.exchanges.map(\.request.url.host))
                #expect(hosts == ["acme-prod.\(cloud.suffix)", String(cloud.authority.dropFirst("https://".count))])
            }
        }
        let elsewhere = VaultFixture().ask(
            .check, variables: ["AZURE_CLIENT_SECRET": "x", "AZURE_AUTHORITY_HOST": "https://login.example"])
        #expect(elsewhere.outcome.error?.field == "env.AZURE_AUTHORITY_HOST")
        let refused: [(JSONObject, String)] = [
            (["vault": "https://acme-prod.vault.azure.net.evil.example"], "with.vault"),
            (["vault": "https://evil.example/acme-prod.vault.azure.net"], "with.vault"),
            (["vault": "https://acme-prod.vault.azure.net:8443"], "with.vault"),
            (["vault": "https://a.acme-prod.vault.azure.net"], "with.vault"),
            (["vault": "http://acme-prod.vault.azure.net"], "with.vault"), (["vault": "a"], "with.vault"),
            (["vault": "../acme"], "with.vault"), (["url": "https://evil.example"], "with.url"),
            (["vault": "https://acme-prod.vault.azure.net", "cloud": "china"], "with.cloud"),
            (["cloud": "mars"], "with.cloud"), (["name": "A_B"], "with.name"), (["name": "a/b"], "with.name"),
            (["tenant": "a/b"], "with.tenant"), (["client": ".."], "with.client"),
            (["expires": "soon"], "with.expires"),
        ]
        for (with, field) in refused {
            let fixture = VaultFixture()
            let error = fixture.ask(.publish, with).error
            #expect(error?.code == .configuration && error?.field == field, "\(with) \(error as Any)")
            #expect(fixture.exchanges.isEmpty)
        }
    }

    @Test("a token that ends is got anew, and one that the vault takes no more")
    func renewal() {
        let fixture = VaultFixture()
        fixture.azure { azure, _ in azure.lifetime = 30 }
        let publisher = fixture.publisher()
        for round in 1...2 {
            let request = PublisherRequest(.check, VaultFixture.with, deadline: fixture.now.addingTimeInterval(120))
            #expect(publisher.ask(.check, request).outcome == .ready, "\(round)")
            fixture.pass(40)
        }
        fixture.azure { azure, _ in azure.lifetime = 3600 }
        let request = PublisherRequest(.check, VaultFixture.with, deadline: fixture.now.addingTimeInterval(120))
        #expect(publisher.ask(.check, request).outcome == .ready)
        fixture.pass(40)
        fixture.azure { azure, _ in azure.tokens = [:] }
        let later = PublisherRequest(.check, VaultFixture.with, deadline: fixture.now.addingTimeInterval(120))
        #expect(publisher.ask(.check, later).outcome == .ready)
    }

    @Test("what Entra ID refuses is told with what to look at, and without what was sent")
    func refused() {
        let cases: [(code: Int, field: String, hint: String)] = [
            (7_000_215, "env.AZURE_CLIENT_SECRET", "not its id"), (7_000_222, "env.AZURE_CLIENT_SECRET", "expired"),
            (700016, "with.client", "application"), (90002, "with.tenant", "tenant"),
        ]
        for (code, field, hint) in cases {
            let fixture = VaultFixture()
            fixture.azure { azure, _ in azure.loginError = (code, "no \(azure.clientSecret)") }
            let error = fixture.ask(.publish).error
            #expect(error?.code == .denied && error?.field == field, "\(error as Any)")
            #expect(error?.hint?.contains(hint) == true && error?.message.contains("AADSTS\(code)") == true)
            #expect(error?.message.contains("Trace") == false)
        }
        let fixture = VaultFixture()
        let other = fixture.ask(.publish, variables: ["AZURE_FEDERATED_TOKEN": "another.job.token-0123456789"]).error
        #expect(other?.code == .denied && other?.hint?.contains("federated credentials") == true, "\(other as Any)")
        let nothing = fixture.ask(.publish, variables: [:]).error
        #expect(nothing?.code == .configuration && nothing?.hint?.contains("id-token: write") == true)
        let file = fixture.ask(.publish, variables: ["AZURE_FEDERATED_TOKEN_FILE": "/nowhere/token"]).error
        #expect(file?.field == "env.AZURE_FEDERATED_TOKEN_FILE", "\(file as Any)")
        let both = fixture.ask(.publish, variables: ["AZURE_ACCESS_TOKEN": "x"]).error
        #expect(both?.field == "with.tenant")
    }

    @Test("a vault of another tenant or another cloud is told by what it says itself, and gets no other token for that")
    func challenge() {
        let fixture = VaultFixture()
        fixture.azure { azure, _ in azure.resource = "https://vault.azure.cn" }
        let cloud = fixture.ask(.publish).error
        #expect(cloud?.code == .denied && cloud?.hint?.contains("https://vault.azure.cn") == true, "\(cloud as Any)")
        let given = VaultFixture().ask(
            .publish, ["tenant": nil, "client": nil], variables: ["AZURE_ACCESS_TOKEN": "stale_token_0123456789"]
        ).error
        #expect(given?.field == "env.AZURE_ACCESS_TOKEN" && given?.hint?.contains(StandIn().tenant) == true)
        #expect(fixture.exchanges.allSatisfy { $0.request.url.host != "vault.azure.cn" })
    }
}
