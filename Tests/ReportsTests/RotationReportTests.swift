import FoundationEssentials
import JSON
import Reports
import Rotation
import Secrets
import Sodium
import TestSupport
import Testing
import Timestamps

/// What an independent reader found in a report.
struct Reading: Decodable {
    let problems: [String]
    let headings: [String]
    let cells: [String]
    var bars: Int?
    var sections: Int?
    var rows: [Int]?

    /// As `page.py` sees the page, or `gfm.py` the Markdown.
    init(_ report: some Report, _ form: ReportForm) async throws {
        let text = report.text(form)
        guard form == .html else {
            // A report has a title and lists.
            self = try #require(try await Self.markdown([text], allowing: "h1", "li").first)
            return
        }
        let outcome = try await Python.run("page.py", input: text)
        try #require(outcome.succeeded, "\(outcome.output.suffix(800))")
        self = try JSONDecoder().decode(Self.self, from: Data(outcome.output.utf8))
    }

    static func markdown(_ texts: [String], allowing tags: String...) async throws -> [Self] {
        let input = String(decoding: try JSONEncoder().encode(texts), as: UTF8.self)
        let outcome = try await Python.run("gfm.py", tags, input: input)
        try #require(outcome.succeeded, "\(outcome.output.suffix(800))")
        return try JSONDecoder().decode([Self].self, from: Data(outcome.output.utf8))
    }
}

@Suite("A report of a rotation", .tags(.processes)) struct RotationReportTests {
    private static func finished(key: String = "checkout-prod") throws -> RotationsReport {
        var sample = try SampleRotation(key: key)
        try sample.goToTheEnd()
        return RotationsReport([try sample.report()], by: "ork-status", at: SampleRotation.start)
    }

    @Test("tells who did what, when, and on what evidence, in every form", arguments: [ReportForm.html, .markdown])
    func content(form: ReportForm) async throws {
        let reading = try await Reading(Self.finished(), form)
        #expect(reading.problems.isEmpty, "\(reading.problems)")
        #expect(
            reading.headings == [
                "Rotation checkout: finished", "Where it stands", "Timeline", "What comes next", "Keys", "Targets",
                "Writes and looks", "Evidence", "Approvals", "Signers", "All records",
            ])
        for said in [
            "checkout-prod", "predecessor", "deleted", "wrote KEY", "holds the predecessor", "answered 200",
            "OpenRouter's meters: cost, last_used_at", "probes of the application: http shop", "approved",
            "ann, github-actions, https://github.com/acme/web/actions/runs/17", "12.5", "2026-11-23T03:01:00Z",
        ] {
            #expect(reading.cells.contains { $0.contains(said) }, "\(said)")
        }
        #expect(reading.cells.contains { $0.hasPrefix("live until ") && $0.contains("disabled 2026-11-24T") })
    }

    @Test("says of signatures what was checked and no more", arguments: [true, false])
    func signatures(trusted: Bool) async throws {
        var sample = try SampleRotation()
        try sample.create()
        let report = RotationsReport([try sample.report(trusted: trusted)], by: "ork", at: SampleRotation.start)
        let text = report.text(.markdown)
        #expect(text.contains("each of the 3 records has a valid signature"))
        #expect(text.contains("each signer is one that was named by --trust for its step") == trusted)
        #expect(text.contains("whose signatures count was not checked") != trusted)
        let json = try JSONValue(parsing: Array(report.text(.json).utf8))
        #expect(json["rotations"]?.array?.first?["signatures"]?["signers_trusted"] == (trusted ? true : .null))
    }

    @Test("what is hidden in it leaves JSON to be JSON", arguments: ReportForm.allCases)
    func hidden(form: ReportForm) throws {
        var sample = try SampleRotation()
        try sample.create()
        // A secret may look like anything that stands in JSON.
        let report = RotationsReport([try sample.report()], by: "ork", at: SampleRotation.start)
        let text = report.text(form) {
            $0.replacing("checkout-prod", with: "[REDACTED]").replacing("\": \"", with: "\"")
        }
        #expect(!text.contains("checkout-prod") && text.contains("[REDACTED]"))
        #expect(try form != .json || JSONValue(parsing: Array(text.utf8))["schema"] == "ork-report/1")
    }

    @Test("shows names of others as text, whatever they hold", arguments: [ReportForm.html, .markdown])
    func hostileNames(form: ReportForm) async throws {
        let hostile = SampleRotation.hostile
        var sample = try SampleRotation(key: hostile + SampleRotation.invisible)
        try sample.create(actor: hostile)
        try sample.publish("canary", after: 5, message: hostile + SampleRotation.invisible)
        try sample.check("http \(hostile)", nil, "failed", hostile, after: 5)
        let report = RotationsReport([try sample.report()], by: "ork", at: SampleRotation.start)
        let reading = try await Reading(report, form)
        #expect(reading.problems.isEmpty, "\(reading.problems)")
        // Each of them stands there whole, so nothing was taken for markup.
        #expect(reading.cells.filter { $0.contains(hostile) }.count >= 8)
        for form in ReportForm.allCases {
            let text = report.text(form)
            #expect(
                !text.unicodeScalars.contains { SampleRotation.invisible.unicodeScalars.contains($0) && !$0.isASCII })
            #expect(!text.contains("\u{1b}"))
        }
    }

    @Test("shows nothing that looks like a key", arguments: ReportForm.allCases)
    func secrets(form: ReportForm) throws {
        let key = "sk-or-v1-" + String(repeating: "0e6f1c96", count: 8)
        var sample = try SampleRotation(key: "named \(key)")
        try sample.create()
        try sample.publish("canary", after: 5, message: "wrote \(key)")
        let text = RotationsReport([try sample.report()], by: "ork", at: SampleRotation.start).text(form)
        #expect(!text.contains(String(key.suffix(32))))
        #expect(text.contains("wrote "))
    }

    @Test("has a section and a bar for each of fifty rotations, the newest first")
    func fifty() async throws {
        let reports = try (0..<50).map { number in
            var sample = try SampleRotation(
                "app-\(number)", at: SampleRotation.start.addingTimeInterval(Double(number) * 86400))
            try sample.goToVerified()
            return try sample.report()
        }
        let reading = try await Reading(RotationsReport(reports, by: "ork", at: SampleRotation.start), .html)
        #expect(reading.problems.isEmpty, "\(reading.problems)")
        let headings = reading.headings.filter { $0.hasPrefix("Rotation app-") }
        #expect(headings.count == 50)
        #expect(headings.first?.hasPrefix("Rotation app-49, begun ") == true)
        #expect((reading.bars ?? 0) > 200)
    }

    @Test("an approval of something else is shown as void")
    func voidApproval() throws {
        var sample = try SampleRotation()
        try sample.create()
        try sample.record(
            5, .approve, .approved, nil, "approved",
            ["binds": .string(sample.handoff.header.digest.description), "for": ["publish"]])
        let text = RotationsReport([try sample.report()], by: "ork", at: SampleRotation.start).text(.markdown)
        #expect(text.contains("no: the plan, the successor or a target has changed since"))
    }

    @Test("of a rotation that was taken back, the successor ends, and the predecessor lives on")
    func rolledBack() throws {
        var sample = try SampleRotation()
        try sample.create()
        try sample.publish("canary", after: 5)
        let place = try #require(sample.handoff.header.plan.targets.first).place
        let hash = JSONValue.string(SampleRotation.successor.description)
        try sample.record(5, .rollback, .rollingBack, nil, "the way back has begun")
        try sample.record(
            5, .rollback, .rolledBack, "canary", "holds the predecessor",
            ["digest": .string(Digest(of: [1]).description), "place": .string(place.description)])
        try sample.record(5, .rollback, .disabled, nil, "disabled the successor", ["hash": hash])
        try sample.record(5, .rollback, .deleted, nil, "deleted the successor", ["hash": hash])
        try sample.record(0, .rollback, .finished, nil, "undone")
        let report = RotationsReport([try sample.report()], by: "ork", at: SampleRotation.start)
        let json = try JSONValue(parsing: Array(report.text(.json).utf8))["rotations"]?.array?.first
        #expect(json?["state"]?.string == "rolled_back")
        #expect(json?["keys"]?.array?.map { $0["status"]?.string } == ["live", "deleted"])
        let text = report.text(.markdown)
        #expect(text.contains("| predecessor checkout-prod | live throughout |"))
        #expect(text.contains("holds the successor 2026-11-23T03:06:00Z to 2026-11-23T03:16:00Z"))
        #expect(text.contains("put back 2026-11-23T03:16:00Z"))
    }

    @Test("what comes next is the command as it is typed")
    func next() throws {
        var sample = try SampleRotation()
        try sample.create()
        let next = RotationReport.Next("ork-publish --handoff <x>", notBefore: SampleRotation.start)
        let report = RotationsReport([try sample.report(next: next)], by: "ork", at: SampleRotation.start)
        #expect(report.text(.html).contains("<code>ork-publish --handoff &lt;x&gt;</code>"))
        #expect(report.text(.markdown).contains("- not before: 2026-11-23T03:00:00Z"))
    }
}
