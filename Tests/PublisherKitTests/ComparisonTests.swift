import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import Sodium
import TestSupport
import Testing

@Suite(.tags(.values)) struct ComparisonTests {
    private static func digest(_ text: String) -> Digest { Digest(of: Secret(text)) }

    private static func request(expect: [String]?, rotation: String = "") -> PublisherRequest {
        PublisherRequest(
            id: "1", operation: "o", rotation: rotation, deadline: .distantFuture, target: "web", with: [:],
            expect: expect?.map(digest), digest: digest("successor"))
    }

    @Test(
        "what a target holds is compared with the successor, then with what the request expects",
        arguments: [
            (nil, ["predecessor"], .nothing), (nil, [], .nothing), ("successor", ["predecessor"], .same),
            ("successor", [], .same), ("predecessor", ["predecessor"], .expected), ("else", ["predecessor"], .other),
            ("else", [], .other), ("else", nil, .expected),
        ] as [(String?, [String]?, Comparison)])
    func comparing(held: String?, expect: [String]?, comparison: Comparison) {
        let request = Self.request(expect: expect)
        #expect(request.compare(held: held.map { Secret($0) }) == comparison)
        #expect(request.compare(held: held.map(Self.digest)) == comparison)
    }

    @Test("a request without a secret is refused as the plan's fault")
    func noSecret() {
        let error = #expect(throws: PublisherError.self) { try Self.request(expect: []).requireSecret() }
        #expect(error?.code == .configuration)
    }

    @Test(
        "only a rotation that certainly began later makes a request an older one",
        arguments: [
            ("01JDB0000A0000000000000000", true), ("01JDB000010000000000000000", false),
            ("01JDB00002ZZZZZZZZZZZZZZZZ", false), ("not an id", false), ("", false),
        ])
    func olderRequests(other: String, isOlder: Bool) {
        let request = Self.request(expect: [], rotation: "01JDB000020000000000000000")
        #expect(request.isOlder(than: other) == isOlder)
        #expect(!Self.request(expect: []).isOlder(than: other))
    }
}
