import FoundationEssentials
import JSON
import Reports
import Rotation
import TestSupport
import Testing

@Suite("A chart of a rotation", .tags(.processes)) struct MermaidTests {
    private static func read(_ report: RotationReport) async throws -> JSONValue {
        let chart = MermaidChart(try #require(report.timeline)).text
        let outcome = try await Python.run("mermaid.py", input: chart)
        try #require(outcome.succeeded, "\(outcome.output)\n\(chart)")
        return try JSONValue(parsing: Array(outcome.output.utf8))
    }

    @Test("the one in README is read as it is written")
    func readme() async throws {
        let readme = try #require(FileManager.default.contents(atPath: BuiltProduct.repository + "/README.md"))
        let text = String(decoding: readme, as: UTF8.self)
        let chart = try #require(text.firstMatch(of: /(?s)```mermaid\n(.*?)```/)).output.1
        let outcome = try await Python.run("mermaid.py", input: String(chart))
        try #require(outcome.succeeded, "\(outcome.output)")
        let tasks = try JSONValue(parsing: Array(outcome.output.utf8))["tasks"]?.array ?? []
        let written = chart.split(separator: "\n").compactMap { $0.wholeMatch(of: #/ {4}(.+?) +:.*/#)?.output.1 }
        #expect(written.count > 5)
        let read = tasks.map { ($0.array?[1].string ?? "").split(separator: " ").joined(separator: " ") }
        #expect(read == written.map(String.init))
    }

    @Test("is read by Mermaid, with both keys' lives in UTC")
    func lives() async throws {
        var sample = try SampleRotation()
        try sample.goToTheEnd()
        let chart = try await Self.read(sample.report())
        #expect(chart["title"]?.string == "rotation checkout (UTC)")
        let tasks = chart["tasks"]?.array ?? []
        let live = tasks.filter { $0.array?[1].string == "live" }
        #expect(live.first?.array?[2].string == "2026-11-23T03:00:00.000Z")
        #expect(live.last?.array?[2].string == "2026-11-23T03:01:00.000Z")
        #expect(tasks.contains { $0.array?[1].string == "approved for retire" && $0.array?[4].bool == true })
        #expect(chart["sections"]?.array?.contains("target web") == true)
    }

    @Test(
        "a name is part of no statement",
        arguments: [
            SampleRotation.hostile, "x\n  click a href \"https://evil.example\"", "a: b, 2020-01-01", "%% comment",
            "%%{init: {}}%%", "end\u{2028}title y", "```", "#59; ;", "\u{202e}x",
        ])
    func names(key: String) async throws {
        var sample = try SampleRotation(key: key)
        try sample.goToTheEnd()
        let chart = try await Self.read(sample.report())
        #expect(chart["title"]?.string == "rotation checkout (UTC)")
        #expect(chart["sections"]?.array?.count == 6)
        #expect(chart["tasks"]?.array?.count == 19)
        // What this Mermaid takes for text in a name, an older one or another reader may not.
        let names = chart["sections"]?.array?.compactMap(\.string) ?? []
        #expect(names.allSatisfy { name in !name.contains { "#;:%{}<>`\"\n".contains($0) } }, "\(names)")
        #expect(names.first?.hasPrefix("predecessor ") == true && (names.first?.count ?? 0) > 12)
    }
}
