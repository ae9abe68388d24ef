import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_file

/// The way back to the predecessor: it is published again by whoever has kept it.
@Suite(.tags(.values)) struct WayBackTests {
    private func ask(_ verb: Verb, _ request: PublisherRequest) -> PublisherAnswer {
        FilePublisher().ask(verb, request)
    }

    @Test("a check seals the predecessor, which is published again in the place of the successor, once")
    func back() throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write("KEY=\(SampleKeys.text(SampleKeys.predecessor))\nOTHER=x\n", to: ".env")
        let with: JSONObject = ["path": .string(path), "name": "KEY"]
        let deadline = Date() + 600
        let checked = ask(.check, try .sealingCheck(with, deadline: deadline))
        #expect(try SampleRecipient.open(checked.sealed) == [SampleKeys.predecessor])
        #expect(ask(.publish, PublisherRequest(.publish, with, deadline: deadline)).outcome == .committed)
        try folder.write("KEY=\(SampleKeys.text(SampleKeys.successor))\nOTHER=y\n", to: ".env")
        let request = PublisherRequest(
            .publish, with, secret: SampleKeys.predecessor, expect: [SampleKeys.successor], create: false,
            deadline: deadline)
        #expect(ask(.publish, request).outcome == .committed)
        #expect(try folder.read(".env") == "KEY=\(SampleKeys.text(SampleKeys.predecessor))\nOTHER=y\n")
        #expect(ask(.publish, request).outcome == .unchanged)
        try folder.write("KEY=\(SampleKeys.text(SampleKeys.foreign))\n", to: ".env")
        #expect(ask(.publish, request).error?.code == .conflict)
    }
}
