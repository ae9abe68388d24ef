import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct StrayCharacterTests {
    @Test(
        "what was copied with a key is named, and where it stands",
        arguments: [
            ("\"sk-or\"", "begins with a quote"), ("sk-or\"", "ends with a quote"),
            ("\u{201C}sk-or\u{201D}", "begins with a quote"), ("'sk-or'", "begins with a quote"),
            ("sk-or\n", "ends with a line break"), ("sk-or\r\n", "has a line break in the middle"),
            (" sk-or", "begins with a space"), ("sk-or sk-or", "has a space in the middle"),
            ("sk-or\t", "ends with a tab"), ("sk-or\u{A0}", "ends with a non-breaking space (U+00A0)"),
            ("\u{FEFF}sk-or", "begins with a byte order mark (U+FEFF)"),
            ("sk-or\u{200B}", "ends with the character U+200B"), ("sk-ör", "has the character U+00F6 in the middle"),
        ])
    func named(text: String, what: String) {
        #expect(StrayCharacter(in: text)?.description == what)
    }

    @Test("a key has none", arguments: ["sk-or-v1-0f1e_2d3c", "glpat-x", ""])
    func none(text: String) { #expect(StrayCharacter(in: text) == nil) }
}
