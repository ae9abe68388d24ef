import JSON
import PublisherKit
import TestSupport
import Testing

@Suite(.tags(.values)) struct PublisherInformationTests {
    static let information = PublisherInformation(
        verbs: [.check, .publish, .verify], with: .init(required: ["path"], optional: ["name"]),
        environment: .init(required: ["TOKEN"], inherited: ["ACME_URL"]), readback: .value, rollback: .value,
        batch: true)
    static let line = #"""
        {"protocol":1,"verbs":["check","publish","verify"],"with":{"required":["path"],"optional":["name"]},\#
        "environment":{"required":["TOKEN"],"optional":[],"inherited":["ACME_URL"]},"readback":"value","rollback":"value","batch":true}
        """#

    @Test("info is written and read as the contract has it")
    func writtenAndRead() throws {
        #expect(String(decoding: Self.information.line, as: UTF8.self) == Self.line + "\n")
        #expect(try PublisherInformation(parsing: Self.line.utf8) == Self.information)
    }

    @Test("what info leaves out is the least, and what it adds is ignored")
    func leastInformation() throws {
        let text = #"{"protocol": 1, "verbs": ["publish", "later"], "grease": {}}"#
        #expect(try PublisherInformation(parsing: text.utf8) == PublisherInformation(verbs: [.publish]))
    }

    @Test("a digest that can be read back is told so that hosts which do not know of it read the rest")
    func digest() throws {
        let information = PublisherInformation(readback: .digest)
        let line = String(decoding: information.line, as: UTF8.self)
        #expect(line.contains(#""readback":"none""#) && line.contains(#""digest":true"#))
        #expect(try PublisherInformation(parsing: information.line) == information)
        for (text, readback) in [
            (#""readback": "timestamp", "digest": true"#, .digest), (#""digest": false"#, .none),
            (#""readback": "value", "digest": true"#, .value),
        ] as [(String, PublisherInformation.Readback)] {
            let line = #"{"protocol": 1, "verbs": [], \#(text)}"#
            #expect(try PublisherInformation(parsing: line.utf8).readback == readback)
        }
    }

    @Test("what hangs on the target is said beside the most that can be read")
    func varying() throws {
        let information = PublisherInformation(readback: .value, readbackVaries: true)
        let line = String(decoding: information.line, as: UTF8.self)
        #expect(line.contains(#""readback":"value""#) && line.contains(#""readback_varies":true"#))
        #expect(try PublisherInformation(parsing: information.line) == information)
        #expect(!String(decoding: Self.information.line, as: UTF8.self).contains("varies"))
    }

    @Test("rollback is a verb of those who name it")
    func rollback() throws {
        #expect(PublisherInformation().verbs == [.check, .publish, .verify])
        let named = PublisherInformation(verbs: [.publish, .rollback], rollback: .native)
        #expect(String(decoding: named.line, as: UTF8.self).contains(#""verbs":["publish","rollback"]"#))
        #expect(try PublisherInformation(parsing: named.line) == named)
    }
}
