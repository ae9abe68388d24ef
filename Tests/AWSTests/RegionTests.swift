import FoundationEssentials
import HTTP
import JSON
import TestSupport
import Testing

@testable import AWS

@Suite(.tags(.values)) struct RegionTests {
    @Test("services are where botocore finds them, in every region of every partition")
    func endpoints() async throws {
        let expected = try await onOwnThread { try AWSServer.shared.get().control("endpoints") }
        let members = expected.object?.members ?? []
        #expect(members.count > 100)
        for (key, url) in members {
            let words = key.split(separator: " ").map(String.init)
            let region = try #require(AWSRegion(words[1]))
            #expect(region.address(of: words[0]) == url.string, "\(key)")
        }
    }

    @Test(
        "what is no region's name is none",
        arguments: [
            "", "eu", "EU-CENTRAL-1", "eu-central-1.evil.example", "eu-central-1/x", "eu_central_1", "-a", "a-",
            "eu-central-1:443", "a-" + String(repeating: "b", count: 40),
        ])
    func names(text: String) {
        #expect(AWSRegion(text) == nil)
    }
}
