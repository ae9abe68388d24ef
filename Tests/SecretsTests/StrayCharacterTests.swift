import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct StrayCharacterTests {
    @Test(
        "what was copied with a key is named, and where it stands",
        arguments: [
            ("\"sk-or\"", "a quote at its beginning"), ("sk-or\"", "a quote at its end"),
            ("\u{201C}sk-or\u{201D}", "a quote at its beginning"), ("'sk-or'", "a quote at its beginning"),
            ("sk-or\n", "a line end at its end"), ("sk-or\r\n", "a line end in the middle"),
            (" sk-or", "a space at its beginning"), ("sk-or sk-or", "a space in the middle"),
            ("sk-or\t", "a tab at its end"), ("sk-or\u{A0}", "a non-breaking space (U+00A0) at its end"),
            ("\u{FEFF}sk-or", "a byte order mark (U+FEFF) at its beginning"),
            ("sk-or\u{200B}", "the character U+200B at its end"), ("sk-ör", "the character U+00F6 in the middle"),
        ])
    func named(text: String, what: String) {
        #expect(StrayCharacter(in: text)?.description == what)
    }

    @Test("a key has none", arguments: ["sk-or-v1-0f1e_2d3c", "glpat-x", ""])
    func none(text: String) { #expect(StrayCharacter(in: text) == nil) }
}
