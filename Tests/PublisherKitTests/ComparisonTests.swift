import FoundationEssentials
import JSON
import Secrets
import Sodium
import TestSupport
import Testing

@testable import PublisherKit

@Suite(.tags(.values)) struct ComparisonTests {
    private static func digest(_ text: String) -> Digest { Digest(of: Secret(text)) }

    private static func request(expect: [String]?, create: Bool = false, rotation: String = "") -> PublisherRequest {
        PublisherRequest(
            id: "1", operation: "o", rotation: rotation, deadline: .distantFuture, target: "web", with: [:],
            expect: expect?.map(digest), create: create, digest: digest("successor"))
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

    @Test(
        "a line end behind a key is none of its own, as `kubectl create secret --from-file` and `echo KEY |` leave it",
        arguments: [
            ("predecessor\n", .expected, .predecessor), ("predecessor\r\n", .expected, .predecessor),
            ("successor\n", .expected, .unknown), ("predecessor\n\n", .other, .other), ("predecessor ", .other, .other),
            ("else\n", .other, .other), ("\n", .other, .other),
        ] as [(String, Comparison, Held)])
    func lineEnds(held: String, comparison: Comparison, seen: Held) {
        let request = Self.request(expect: ["predecessor", "successor"]).looking(for: .check)
        #expect(request.compare(held: Secret(held)) == comparison)
        let found = request.firstLook.found
        #expect(found?.held == seen)
        if seen == .predecessor { #expect(found?.digest == Self.digest("predecessor")) }
    }

    @Test("a look for the successor alone tells of a predecessor with a line end whose key it is")
    func reverted() {
        let request = Self.request(expect: ["successor"]).looking(for: .verify)
        #expect(request.compare(held: Secret("predecessor\n")) == .other)
        #expect(request.firstLook.found?.digest == Self.digest("predecessor"))
    }

    @Test("what holds nothing is made only if somebody says so, and a predecessor is spoken of only if there is one")
    func making() {
        let refusal = PublisherError.notMade("no file a.env", hint: "look", field: "with.path")
        let request = Self.request(expect: ["predecessor", "successor"], rotation: "r")
        #expect(request.refusalToMake("no file a.env", hint: "look", field: "with.path") == refusal)
        let before = Self.request(expect: nil).refusalToMake("no file a.env")
        #expect(before?.hint?.hasSuffix("or add --create-target web to this command, and later to ork-publish") == true)
        #expect(Self.request(expect: ["successor"], create: true).refusalToMake("no file a.env") == nil)
        for expect in [["successor"], [], nil] {
            #expect(
                Self.request(expect: expect).noteOfMaking("no file a.env") == "no file a.env: nothing held a key before"
            )
        }
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
