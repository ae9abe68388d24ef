import JSON
import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct DisplayTextTests {
    /// A text of others', the line with spaces, and the line that shows what was there.
    private static let table: [(text: String, line: String, escaped: String)] = [
        ("", "", ""),
        ("plain", "plain", "plain"),
        ("Grüße 🙂", "Grüße 🙂", "Grüße 🙂"),
        ("a\nb\tc\u{7F}d", "a b c d", #"a\u{a}b    c\u{7f}d"#),
        ("a\r\nb", "a  b", #"a\u{d}\u{a}b"#),
        ("\u{1B}[31mred", " [31mred", #"\u{1b}[31mred"#),
        ("a\u{9B}b", "a b", #"a\u{9b}b"#),
        ("a\u{202E}b\u{200B}c", "a b c", #"a\u{202e}b\u{200b}c"#),
        ("a\u{2028}b\u{2029}c", "a b c", #"a\u{2028}b\u{2029}c"#),
        ("a\u{E000}b\u{FFFF}c", "a b c", #"a\u{e000}b\u{ffff}c"#),
        ("##[error]x", "## [error]x", "## [error]x"),
        ("say ##vso[task.complete]", "say ##vso [task.complete]", "say ##vso [task.complete]"),
        ("##VSO[a] ###[b]", "##VSO [a] ### [b]", "##VSO [a] ### [b]"),
        ("#\u{200B}#[a]", "# #[a]", #"#\u{200b}#[a]"#),
        ("a\u{3164}b\u{34F}c\u{FE0F}d\u{E0041}", "a b c d ", #"a\u{3164}b\u{34f}c\u{fe0f}d\u{e0041}"#),
        ("::add-mask::e", ": :add-mask::e", ": :add-mask::e"),
        (" \u{3000}::group::", " \u{3000}: :group::", " \u{3000}: :group::"),
        ("a::b :::", "a::b :::", "a::b :::"),
        ("[a] #[b] vso[c]", "[a] #[b] vso[c]", "[a] #[b] vso[c]"),
    ]

    @Test("text of others is one line of what can be seen, with no command to a runner", arguments: table)
    func lines(text: String, line: String, escaped: String) {
        #expect(DisplayText.line(text) == line)
        #expect(DisplayText.escaped(text) == escaped)
    }

    @Test(
        "JSON is shown in ASCII where it is unsafe, and reads as it was",
        arguments: [
            (#"{"a":["Grüße 🙂"]}"#, #"{"a":["Grüße 🙂"]}"#),
            (#"["a\u001b"]"#, #"["a\u001b"]"#),
            ("[\"a\u{7F}\u{9B}\u{202E}\u{2028}b\"]", #"["a\u007f\u009b\u202e\u2028b"]"#),
            ("[\"\u{E0001}\u{10FFFF}\"]", #"["\udb40\udc01\udbff\udfff"]"#),
            ("[\"##[error]x ##vso[a]\"]", "[\"##\\u005berror]x ##vso\\u005ba]\"]"),
        ])
    func json(text: String, shown: String) throws {
        #expect(DisplayText.json(text) == shown)
        #expect(try JSONValue(parsing: Array(shown.utf8)) == JSONValue(parsing: Array(text.utf8)))
    }

    @Test("text that is safe stays as it is", arguments: table)
    func idempotence(text: String, line: String, escaped: String) {
        #expect(DisplayText.line(line) == line)
        #expect(DisplayText.escaped(escaped) == escaped)
    }

    @Test(
        "text that is longer than the limit is cut",
        arguments: [
            ("0123456789", "0123456789"), ("0123456789x", "0123456789…"), ("e\u{301}\u{301}\u{301}", "e\u{301}…"),
        ]
    )
    func limit(text: String, line: String) {
        let limit = text.hasPrefix("0") ? 10 : 2
        #expect(DisplayText.line(text, limit: limit) == line)
        #expect(DisplayText.escaped(text, limit: limit) == line)
    }

    @Test("a line has a limit where none is named")
    func bound() {
        #expect(DisplayText.line(String(repeating: "x", count: 300)).unicodeScalars.count == 201)
    }
}
