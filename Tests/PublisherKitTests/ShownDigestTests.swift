import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import Sodium
import TestSupport
import Testing

@Suite(.tags(.values)) struct ShownDigestTests {
    private static let hex = [SampleKeys.predecessor, SampleKeys.successor, SampleKeys.foreign]
        .map { Digest(of: $0).hex }

    private static func request(
        _ receipt: JSONObject? = nil, of secret: Secret = SampleKeys.successor
    ) -> PublisherRequest {
        var request = PublisherRequest(.verify, [:], secret: secret, deadline: .distantFuture)
        request.receipt = receipt
        return request
    }

    @Test(
        "the SHA-256 of a key that the request knows tells by itself; any other digest only where it is said to be one",
        arguments: [
            (hex[1], .same, .same), (hex[0], .expected, .expected), (hex[2], nil, .other),
            ("sha256:" + hex[1].uppercased(), .same, .same), ("0f3a", nil, nil),
        ] as [(String, Comparison?, Comparison?)])
    func sha256(text: String, comparison: Comparison?, certain: Comparison?) throws {
        let shown = try #require(ShownDigest(text))
        #expect(Self.request().compare(shown: shown) == comparison)
        #expect(Self.request().compare(shown: shown, isSHA256: true) == certain)
    }

    @Test("a digest of unknown function is compared with the one in the receipt, for the same key only")
    func receipt() throws {
        let shown = try #require(ShownDigest("0f3a"))
        let receipt = shown.receipt(of: Self.request())
        #expect(Self.request(receipt).compare(shown: shown) == .same)
        #expect(Self.request(receipt).hasShownDigest)
        #expect(try Self.request(receipt).compare(shown: #require(ShownDigest("0f3b"))) == nil)
        let other = Self.request(receipt, of: SampleKeys.foreign)
        #expect(other.compare(shown: shown) == nil && !other.hasShownDigest)
    }

    @Test("what no digest looks like is none", arguments: ["", "a b", "é", String(repeating: "a", count: 257)])
    func none(text: String) { #expect(ShownDigest(text) == nil) }
}
