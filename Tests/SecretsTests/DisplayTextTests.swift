import Secrets
import Testing

struct DisplayTextTests {
    @Test(
        "text of somebody else becomes one line of what can be seen",
        arguments: [
            ("plain", "plain"), ("a\nb\tc\u{7F}d", "a b c d"), ("\u{1B}[31mred", " [31mred"), ("a\u{9B}b", "a b"),
            ("a\u{202E}b\u{200B}c", "a b c"), ("a\u{2028}b", "a b"), ("Grüße 🙂", "Grüße 🙂"), ("", ""),
        ])
    func lines(text: String, line: String) {
        #expect(DisplayText.line(text) == line)
    }

    @Test("and a short one", arguments: [("0123456789", "0123456789"), ("0123456789x", "0123456789…")])
    func limit(text: String, line: String) {
        #expect(DisplayText.line(text, limit: 10) == line)
    }
}
