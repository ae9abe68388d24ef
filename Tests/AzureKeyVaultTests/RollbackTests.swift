import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

/// The earlier key comes back as a new version, from the version that holds it.
@Suite(.tags(.values)) struct RollbackTests {
    private static func published() -> (fixture: VaultFixture, receipt: JSONObject?) {
        let fixture = VaultFixture()
        return (fixture, fixture.ask(.publish).receipt)
    }

    private static func back(
        _ fixture: VaultFixture, knowing secret: Secret? = nil, receipt: JSONObject? = nil
    ) -> PublisherAnswer {
        fixture.publisher().ask(
            .rollback,
            .rollback(
                VaultFixture.with, knowing: secret, receipt: receipt, deadline: fixture.now.addingTimeInterval(120)),
            hiding: VaultFixture.credentials)
    }

    @Test("it is found by the receipt, among all versions, or comes along; and again it is unchanged")
    func back() {
        for way in ["receipt", "versions", "value"] {
            let (fixture, receipt) = Self.published()
            fixture.azure { azure, _ in azure.pageSize = 1 }
            let answer = Self.back(
                fixture, knowing: way == "value" ? SampleKeys.predecessor : nil,
                receipt: way == "receipt" ? receipt : nil)
            #expect(answer.outcome == .committed, "\(way) \(answer)")
            #expect(fixture.held == ["predecessor", "successor", "predecessor"])
            #expect(fixture.azure { azure, _ in azure.current(VaultFixture.name)?.tags?["owner"] } == "shop")
            #expect(Self.back(fixture).outcome == .unchanged && fixture.held.count == 3)
        }
    }

    @Test("a later rotation's key stays, and no version is looked for")
    func conflict() {
        let (fixture, _) = Self.published()
        fixture.azure { azure, now in azure.add(VaultFixture.name, SampleKeys.text(SampleKeys.foreign), at: now) }
        #expect(Self.back(fixture).error?.code == .conflict && fixture.held.last == "foreign")
        #expect(!fixture.exchanges.contains { $0.request.url.description.contains("/versions") })
    }

    @Test("where its version is gone or disabled, that is told")
    func missing() {
        for isGone in [true, false] {
            let (fixture, receipt) = Self.published()
            fixture.azure { azure, _ in
                if isGone {
                    azure.secrets[VaultFixture.name]?.removeFirst()
                } else {
                    azure.secrets[VaultFixture.name]?[0].enabled = false
                }
            }
            let error = Self.back(fixture, receipt: receipt).error
            #expect(error?.code == .notFound && error?.hint?.contains("disabled") == true, "\(error as Any)")
        }
    }

    @Test("a list that goes on at another server, or in a circle, is asked of this one, and ends")
    func circle() {
        let (fixture, _) = Self.published()
        fixture.azure { azure, _ in azure.secrets[VaultFixture.name]?[0].enabled = false }
        let link = "https://evil.example/secrets/x/versions?$skiptoken=0"
        fixture.fail(.get, at: "/versions", times: 3, .garbled(200, #"{"value": [], "nextLink": "\#(link)"}"#))
        #expect(Self.back(fixture).error?.code == .notFound)
        #expect(fixture.exchanges.allSatisfy { !$0.request.url.host.contains("evil") })
        #expect(fixture.exchanges.count { $0.request.url.description.contains("/versions") } == 2)
    }
}
