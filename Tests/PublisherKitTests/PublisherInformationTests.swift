import JSON
import PublisherKit
import TestSupport
import Testing

@Suite(.tags(.values)) struct PublisherInformationTests {
    static let information = PublisherInformation(
        verbs: [.check, .publish, .verify], with: .init(required: ["path"], optional: ["name"]),
        environment: .init(required: ["TOKEN"]), readback: .value, rollback: .value, batch: true)
    static let line = #"""
        {"protocol":1,"verbs":["check","publish","verify"],"with":{"required":["path"],"optional":["name"]},\#
        "environment":{"required":["TOKEN"],"optional":[]},"readback":"value","rollback":"value","batch":true}
        """#

    @Test("info is written and read as the contract has it")
    func writtenAndRead() throws {
        #expect(String(decoding: Self.information.line, as: UTF8.self) == Self.line + "\n")
        #expect(try PublisherInformation(parsing: Self.line.utf8) == Self.information)
    }

    @Test("what info leaves out is the least, and what it adds is ignored")
    func leastInformation() throws {
        let text = #"{"protocol": 1, "verbs": ["publish", "rollback"], "grease": {}}"#
        #expect(try PublisherInformation(parsing: text.utf8) == PublisherInformation(verbs: [.publish]))
    }

    @Test(
        "settings are checked against info",
        arguments: [
            (["path": ".env"], ["TOKEN"], nil), (["path": ".env", "name": "A"], ["TOKEN", "PATH"], nil),
            (["path": ".env", "nam": "A"], ["TOKEN"], "with.nam"), (["name": "A"], ["TOKEN"], "with.path"),
            (["path": ".env"], ["PATH"], "env.TOKEN"),
        ] as [(JSONObject, Set<String>, String?)])
    func validating(settings: JSONObject, environment: Set<String>, field: String?) {
        var found: PublisherError?
        do { try Self.information.validate(with: settings, environment: environment) } catch { found = error }
        #expect(found?.field == field)
        #expect(found == nil || found?.code == .configuration)
    }
}
