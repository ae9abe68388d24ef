import Fleet
import FoundationEssentials
import JSON
import Reports
import Rotation
import TestSupport
import Testing

/// `ci-templates/schema/report.schema.json` takes every report, names all that is in it, and nothing else passes for one.
@Suite("The schema of a report", .tags(.processes)) struct ReportSchemaTests {
    /// Reports of rotations at every stage, and of a workspace.
    private static func real() throws -> [String: String] {
        var reports: [String: String] = [:]
        func keep(_ name: String, _ samples: [SampleRotation], trusted: Bool = true) throws {
            let all = try samples.map { try $0.report(trusted: trusted) }
            reports[name] = RotationsReport(all, by: "ork-status 0", at: SampleRotation.start).text(.json)
        }
        var begun = try SampleRotation(key: SampleRotation.hostile)
        try begun.create()
        try keep("begun", [begun], trusted: false)
        var verified = try SampleRotation()
        try verified.goToVerified()
        try keep("verified", [verified])
        var finished = try SampleRotation("search")
        try finished.goToTheEnd()
        try keep("finished", [finished])
        try keep("several", [begun, verified, finished])
        reports["workspace"] = WorkspaceReport(try WorkspaceReportTests.survey(), by: "ork-due 0").text(.json)
        return reports
    }

    @Test("every report is valid")
    func valid() async throws {
        #expect(try await JSONSchema.report.complaints(of: Self.real()) == [:])
    }

    @Test("it names each field of a report")
    func complete() async throws {
        let path = BuiltProduct.repository + "/ci-templates/schema/report.schema.json"
        let schema = try JSONValue(parsing: Array(Data(contentsOf: URL(filePath: path))))
        let folder = try TemporaryDirectory()
        // The same for which there is no later version.
        try Data(Self.closed(schema).bytes()).write(to: URL(filePath: folder.file("closed.json")))
        #expect(try await JSONSchema.at(folder.file("closed.json")).complaints(of: Self.real()) == [:])
    }

    private static func closed(_ schema: JSONValue) -> JSONValue {
        if let array = schema.array { return .array(array.map(closed)) }
        guard let object = schema.object else { return schema }
        var result = JSONObject()
        for (name, value) in object.members { result[name] = closed(value) }
        if object["type"] == "object", object["oneOf"] == nil { result["additionalProperties"] = false }
        return .object(result)
    }

    @Test("it refuses what no report says")
    func broken() async throws {
        let finished = try #require(try Self.real()["finished"])
        let workspace = try #require(try Self.real()["workspace"])
        var documents: [String: String] = [:]
        for (text, old, new) in [
            (finished, "ork-report/1", "ork-report/2"), (finished, #""kind": "rotations""#, #""kind": "rotation""#),
            (finished, #""state": "finished""#, #""state": "done""#), (finished, #""wave": 1"#, #""wave": 0"#),
            (finished, #""valid": true"#, #""valid": false"#), (finished, #""step": "create""#, #""step": "deploy""#),
            (finished, #""head": "sha256:"#, #""head": "md5:"#), (finished, #""records": ["#, #""entries": ["#),
            (workspace, #""state": "live""#, #""state": "alive""#), (workspace, #""remarks": "#, #""remark": "#),
            (workspace, #""keys": "#, #""key": "#),
        ] {
            let broken = text.replacing(old, with: new)
            #expect(broken != text, "\(old)")
            documents["\(old) \(new)"] = broken
        }
        let complaints = try await JSONSchema.report.complaints(of: documents)
        #expect(Set(documents.keys).subtracting(complaints.keys) == [])
    }
}
