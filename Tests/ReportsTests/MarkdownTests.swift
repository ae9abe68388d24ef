import Reports
import TestSupport
import Testing

@Suite("Text in Markdown", .tags(.processes)) struct MarkdownTests {
    private static let texts = [
        SampleRotation.hostile, "- a", "+ a", "1. a", "12) a", "# a", "> a", "=== a", "--- ---", "| a | b |", "\\| a",
        "*a* _b_ ~~c~~",
        "https://evil.example/x", "HTTP://evil.example", "ftp://evil.example", "www.evil.example",
        "<https://evil.example>", "![a](b)", "[a][b]", "&lt;", "&#124;", "`a", "``` a", "a\\", "$a$", "{a}", "<!-- a",
        "@acme/oncall", "pay@evil.example",
    ]

    @Test("is text to GitHub's own reader, in a cell and in a paragraph")
    func inert() async throws {
        let pages = Self.texts.map { "\(Markdown.text($0))\n\n\(Markdown.table([["what"], [$0]]))" }
        let readings = try await Reading.markdown(pages)
        #expect(readings.count == Self.texts.count)
        for (text, reading) in zip(Self.texts, readings) {
            #expect(reading.problems.isEmpty && reading.headings.isEmpty, "\(text): \(reading.problems)")
            #expect(reading.rows == [2], "\(text)")
            // What stands behind it is the name of nobody.
            let cell = text.trimmingPrefix(" ").replacing("@", with: "@\u{200b}")
            #expect(reading.cells == ["what", String(cell)], "\(text)")
        }
    }
}
