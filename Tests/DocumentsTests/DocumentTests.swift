import Documents
import Secrets
import TestSupport
import Testing

let key = "sk-or-v1-0123456789abcdef"

func replace(_ text: String, _ format: DocumentFormat, _ place: String, _ value: String = key) throws -> String {
    let document = try Document(Array(text.utf8), format: format)
    let bytes = try document.replacing(Place(place, in: format), with: Secret(value))
    return try #require(String(validating: bytes, as: UTF8.self))
}

func read(_ text: String, _ format: DocumentFormat, _ place: String) throws -> String? {
    try Document(Array(text.utf8), format: format).value(at: Place(place, in: format))?.revealed()
}

@Suite(.tags(.values)) struct DocumentTests {
    /// Document before, format, place, document after. `@` in the latter stands for the key.
    typealias Case = (String, DocumentFormat, String, String)

    static let dotenv: [Case] = [
        ("", .dotenv, "K", "K=@\n"),
        ("K=old", .dotenv, "K", "K=@"),
        ("A=1\r\nK=old\r\nB=2", .dotenv, "K", "A=1\r\nK=@\r\nB=2"),
        ("A=1\r\nB=2\r\n", .dotenv, "K", "A=1\r\nB=2\r\nK=@\r\n"),
        ("A=1\nB=2", .dotenv, "K", "A=1\nB=2\nK=@"),
        ("\u{FEFF}K=old\n", .dotenv, "K", "\u{FEFF}K=@\n"),
        ("  export K = 'old'  # why\n", .dotenv, "K", "  export K = '@'  # why\n"),
        ("export A=1\n", .dotenv, "K", "export A=1\nexport K=@\n"),
        ("K=\"old\"#x\n", .dotenv, "K", "K=\"@\"#x\n"),
        ("K=old # why\n", .dotenv, "K", "K=@ # why\n"),
        ("K=old#not a comment\n", .dotenv, "K", "K=@\n"),
        ("K= # set me\n", .dotenv, "K", "K=@ # set me\n"),
        ("K\n", .dotenv, "K", "K=@\n"),
        ("K=\n", .dotenv, "K", "K=@\n"),
        ("# K=old\nP='a\nK=b\n'\n", .dotenv, "K", "# K=old\nP='a\nK=b\n'\nK=@\n"),
        ("K='a\nb'\nB=2\n", .dotenv, "K", "K='@'\nB=2\n"),
    ]

    static let json: [Case] = [
        ("", .json, "a.b", "{\n  \"a\": {\n    \"b\": \"@\"\n  }\n}\n"),
        ("{}", .json, "a", "{\n  \"a\": \"@\"\n}"),
        ("{\"a\":{},\"b\":1}", .json, "a.k", "{\"a\":{\"k\":\"@\"},\"b\":1}"),
        ("{\"a\":\"old\" , \"b\":1.50}", .json, "a", "{\"a\":\"@\" , \"b\":1.50}"),
        ("{\"a\":null}", .json, "a.k", "{\"a\":{\"k\":\"@\"}}"),
        ("{\"a\":1,\"b\":2}", .json, "c", "{\"a\":1,\"b\":2,\"c\":\"@\"}"),
        ("{ \"a\": 1 }", .json, "c", "{ \"a\": 1, \"c\": \"@\" }"),
        (
            "{\r\n\t\"a\": 1\r\n}\r\n", .json, "c.d",
            "{\r\n\t\"a\": 1,\r\n\t\"c\": {\r\n\t\t\"d\": \"@\"\r\n\t}\r\n}\r\n"
        ),
        ("[{\"a.b\\\\\": \"\\u00e9\"}, 2]", .json, "0.a\\.b\\\\", "[{\"a.b\\\\\": \"@\"}, 2]"),
        ("\u{FEFF}{\n  \"e\": {}\n}", .json, "e.k", "\u{FEFF}{\n  \"e\": {\n    \"k\": \"@\"\n  }\n}"),
    ]

    static let yaml: [Case] = [
        ("", .yaml, "a.b", "a:\n  b: @\n"),
        ("# only this", .yaml, "a", "# only this\na: @"),
        ("---\n", .yaml, "a", "---\na: @\n"),
        ("a: old # why\nb: 2\n", .yaml, "a", "a: @ # why\nb: 2\n"),
        ("a: 'old'\r\nb: \"x\"\r\n", .yaml, "a", "a: '@'\r\nb: \"x\"\r\n"),
        ("a: 'o''ld'\nb: \"x\"", .yaml, "b", "a: 'o''ld'\nb: \"@\""),
        ("a:\nb: 2\n", .yaml, "a", "a: @\nb: 2\n"),
        ("a:   # set me\n", .yaml, "a", "a: @   # set me\n"),
        ("a: ~\n", .yaml, "a", "a: @\n"),
        (
            "s:\n    web:\n        env:\n            A: 1 # x\n\n# end\n", .yaml, "s.web.env.K",
            "s:\n    web:\n        env:\n            A: 1 # x\n            K: @\n\n# end\n"
        ),
        ("s:\n  web:\n    image: x", .yaml, "s.web.env.K", "s:\n  web:\n    image: x\n    env:\n      K: @"),
        ("s:\n  env: # none yet\n  b: 1\n", .yaml, "s.env.K", "s:\n  env: # none yet\n    K: @\n  b: 1\n"),
        ("s: {}\n", .yaml, "s.K", "s: {K: @}\n"),
        ("s: {a: 1}\n", .yaml, "s.K", "s: {a: 1, K: @}\n"),
        ("s: {a: 1,}\n", .yaml, "s.K", "s: {a: 1, K: @}\n"),
        ("s: {\n  \"a\": 1\n}\n", .yaml, "s.K", "s: {\n  \"a\": 1,\n  \"K\": \"@\"\n}\n"),
        ("s: {a: , b}\n", .yaml, "s.b", "s: {a: , b: @}\n"),
        ("l:\n- a: 1\n- name: x\n  k: old\n", .yaml, "l.1.k", "l:\n- a: 1\n- name: x\n  k: @\n"),
        ("l:\n- a: 1\n- name: x\n", .yaml, "l.0.k", "l:\n- a: 1\n  k: @\n- name: x\n"),
        ("a: |\n  text\n  more\n\nb: 1\n", .yaml, "k", "a: |\n  text\n  more\n\nb: 1\nk: @\n"),
        ("b: 1\na: |\n  text\n", .yaml, "k", "b: 1\na: |\n  text\nk: @\n"),
        ("x: &c {A: 1}\ny:\n  <<: *c\n  K: old\n", .yaml, "y.K", "x: &c {A: 1}\ny:\n  <<: *c\n  K: @\n"),
        ("r: !Ref x\nk: old\n", .yaml, "k", "r: !Ref x\nk: @\n"),
        ("a.b: {c/d: old}\n", .yaml, "a\\.b.c/d", "a.b: {c/d: @}\n"),
        ("ä: \"é\" # ö\nk: old\n", .yaml, "k", "ä: \"é\" # ö\nk: @\n"),
        ("a: [x, {k: old}]\n", .yaml, "a.1.k", "a: [x, {k: @}]\n"),
    ]

    static let ini: [Case] = [
        ("", .ini, "s.k", "[s]\nk = @\n"),
        ("", .ini, "k", "k = @\n"),
        ("[s]\nk = old ; why\nb=1\n", .ini, "s.k", "[s]\nk = @ ; why\nb=1\n"),
        ("[s]\r\nk: \"old\"", .ini, "s.k", "[s]\r\nk: \"@\""),
        ("[a]\nx=1\n\n[s]\n; c\n", .ini, "a.k", "[a]\nx=1\nk=@\n\n[s]\n; c\n"),
        ("[a]\n\tx = 1\n\ty = 2", .ini, "a.k", "[a]\n\tx = 1\n\ty = 2\n\tk = @"),
        ("[a]\n[b]\n", .ini, "a.k", "[a]\nk = @\n[b]\n"),
        ("[a]\nx = 1\n", .ini, "b.c.k", "[a]\nx = 1\n\n[b.c]\nk = @\n"),
        ("g = 1\n[a]\nk = 2\n", .ini, "k", "g = 1\nk = @\n[a]\nk = 2\n"),
        ("[a]\nk =\n", .ini, "a.k", "[a]\nk = @\n"),
        ("[a]\nk=\nm = 1\n  goes on\n", .ini, "a.k", "[a]\nk=@\nm = 1\n  goes on\n"),
        ("[a]\nk\n", .ini, "a.k", "[a]\nk = @\n"),
    ]

    static let raw: [Case] = [
        ("", .raw, "", "@"), ("old", .raw, "", "@"), ("old\n", .raw, "", "@\n"), ("old\r\n", .raw, "", "@\r\n"),
        ("\u{FEFF}old\n", .raw, "", "\u{FEFF}@\n"), ("\n", .raw, "", "@\n"),
    ]

    @Test("only the named value changes", arguments: dotenv + json + yaml + ini + raw)
    func onlyTheValueChanges(_ before: String, _ format: DocumentFormat, _ place: String, _ after: String) throws {
        let wanted = after.replacing("@", with: key)
        #expect(Array(try replace(before, format, place).utf8) == Array(wanted.utf8))
        #expect(try read(wanted, format, place) == key)
        #expect(Array(try replace(wanted, format, place).utf8) == Array(wanted.utf8))
    }

    @Test("independent readers see the same in those tables")
    func independentReadersAgree() async throws {
        // configparser takes no name without a value, and python-dotenv takes a comment after an empty one for a value.
        let odd = ["[a]\nk\n", "K= # set me\n"]
        let replacements = try (Self.dotenv + Self.json + Self.yaml + Self.ini + Self.raw)
            .filter { !odd.contains($0.0) }
            .map { before, format, place, after in
                var path = try Place(place, in: format).path
                if format == .raw || format == .ini && path.count == 1 { path.insert("", at: 0) }
                return Replacement(
                    format: format, path: path, before: Array(before.utf8),
                    after: Array(try replace(before, format, place).utf8), value: key)
            }
        try await IndependentReaders.judge(replacements)
    }

    @Test(
        "what readers take differently, or cannot be replaced alone, is refused",
        arguments: [
            ("K=1\nK=2\n", .dotenv, "K", .ambiguous, 2),
            ("K=`a`\n", .dotenv, "K", .unsupported, 1),
            ("A=1\nK='old\n", .dotenv, "K", .syntax, 2),
            ("A=1\nif true; then\n", .dotenv, "K", .syntax, 2),
            ("K='a'b\n", .dotenv, "K", .syntax, 1),
            ("{\"a\":1,\n\"a\":2}", .json, "k", .syntax, 2),
            ("{\"a\":1,}", .json, "k", .syntax, 1),
            ("// c\n{}", .json, "k", .syntax, 1),
            ("[1]", .json, "1", .notFound, 1),
            ("[1]", .json, "00", .notFound, 1),
            ("{\"a\":\"x\"}", .json, "a.k", .notFound, 1),
            ("{\"a\":{}}", .json, "a", .unsupported, 1),
            ("a: 1\na: 2\n", .yaml, "k", .syntax, 2),
            ("a: &x v\nk: *x\n", .yaml, "k", .unsupported, 2),
            ("a: &x v\nk: *x\n", .yaml, "a", .unsupported, 1),
            ("a: &x {k: v}\nb: *x\n", .yaml, "b.k", .unsupported, 2),
            ("a: &x {k: v}\nb:\n  <<: *x\n", .yaml, "b.k", .unsupported, 3),
            ("k: |\n  v\n", .yaml, "k", .unsupported, 1),
            ("k: !!str v\n", .yaml, "k", .unsupported, 1),
            ("k: [v]\n", .yaml, "k", .unsupported, 1),
            ("k: v\n", .yaml, "k.l", .notFound, 1),
            ("k: [v]\n", .yaml, "k.1", .notFound, 1),
            ("a: 1\n---\nb: 1\n", .yaml, "a", .syntax, 2),
            ("s: {a: 1 # c\n}\n", .yaml, "s.k", .unsupported, 1),
            ("? a\n: 1\n? k\n", .yaml, "k", .unsupported, nil),
            ("[a]\nk=1\nk=2\n", .ini, "a.k", .ambiguous, 3),
            ("[a]\nk=1\n[b]\n[a]\nK=2\n", .ini, "a.k", .ambiguous, 5),
            ("[a]\nKEY=1\n", .ini, "a.key", .ambiguous, 2),
            ("[a]\nk = 1\n  more\n", .ini, "a.k", .unsupported, 2),
            ("[a\nk = 1\n", .ini, "a.k", .syntax, 1),
            ("[a]\n= 1\n", .ini, "a.k", .syntax, 2),
        ] as [(String, DocumentFormat, String, DocumentError.Code, Int?)])
    func isRefused(
        _ text: String, _ format: DocumentFormat, _ place: String, _ code: DocumentError.Code, _ line: Int?
    ) throws {
        let error = try #require(throws: DocumentError.self) { try replace(text, format, place) }
        #expect(error.code == code && error.line == line, "\(error)")
    }

    @Test(
        "a file that is not UTF-8 is refused, except as a whole",
        arguments: [DocumentFormat.dotenv, .json, .yaml, .ini])
    func otherEncodingsAreRefused(_ format: DocumentFormat) throws {
        let error = try #require(throws: DocumentError.self) { try Document([0x61, 0xFF, 0x0A], format: format) }
        #expect(error.code == .syntax)
        #expect(try Document([0x61, 0xFF], format: .raw).value(at: Place("", in: .raw))?.count == 2)
    }

    @Test(
        "places that a format cannot have are refused",
        arguments: [
            ("", .dotenv), ("A B", .dotenv), ("1A", .dotenv), ("A=B", .dotenv), ("", .json), ("a..b", .json),
            ("a\\b", .yaml), ("a.", .yaml), ("a.b=c", .ini), ("[a].b", .ini), ("a.#b", .ini), (" a", .ini), ("x", .raw),
            ("a\nb", .yaml), ("A\nB", .dotenv),
        ] as [(String, DocumentFormat)])
    func placesAreChecked(_ text: String, _ format: DocumentFormat) throws {
        #expect(try #require(throws: DocumentError.self) { try Place(text, in: format) }.code == .place)
    }

    @Test(
        "a value is one line of text", arguments: ["", "a\nb", "a\rb", "a\u{0}", "a\u{85}b", "a\u{2028}b", "\u{1B}[0m"])
    func valuesAreChecked(_ value: String) throws {
        for format in DocumentFormat.allCases {
            let place = format == .raw ? "" : "k"
            #expect(try #require(throws: DocumentError.self) { try replace("", format, place, value) }.code == .value)
        }
    }

    @Test(
        "nothing is there where nothing is written",
        arguments: [
            ("", .dotenv, "K"), ("K\n", .dotenv, "K"), ("", .json, "a"), ("{\"a\":null}", .json, "a.b"),
            ("", .yaml, "a"),
            ("a: ~", .yaml, "a"), ("a:", .yaml, "a.b"), ("[s]\nk", .ini, "s.k"), ("", .raw, ""),
        ] as [(String, DocumentFormat, String)])
    func nothingIsNil(_ text: String, _ format: DocumentFormat, _ place: String) throws {
        #expect(try read(text, format, place) == nil)
    }

    @Test(
        "values are read as their readers read them",
        arguments: [
            ("K=a b # c\n", .dotenv, "K", "a b"), ("K=\"a\\n\\\"b\\\\c\"\n", .dotenv, "K", "a\n\"b\\c"),
            ("K='a\\'b\\n'\n", .dotenv, "K", "a'b\\n"), ("K=\n", .dotenv, "K", ""),
            ("{\"a\": [\"x\", \"\\u00e9\\n\"]}", .json, "a.1", "é\n"), ("{\"a\": 1.50}", .json, "a", "1.50"),
            ("a: 'it''s'", .yaml, "a", "it's"), ("a: 0x10", .yaml, "a", "0x10"), ("a: &x v\nb: *x", .yaml, "b", "v"),
            ("a: |\n  v\n", .yaml, "a", "v\n"), ("[s]\nk = a b ; c", .ini, "s.k", "a b"),
            ("[s]\nk = 'a ; b'", .ini, "s.k", "a ; b"), ("v\n\n", .raw, "", "v\n"),
        ] as [(String, DocumentFormat, String, String)])
    func valuesAreRead(_ text: String, _ format: DocumentFormat, _ place: String, _ value: String) throws {
        #expect(try read(text, format, place) == value)
    }

    @Test(
        "the format follows from the file's name",
        arguments: [
            (".env", .dotenv), (".env.local", .dotenv), ("prod.env", .dotenv), ("a.JSON", .json), ("a.yml", .yaml),
            ("a.yaml", .yaml), ("a.ini", .ini), ("setup.cfg", .ini), ("a.conf", nil), ("key", nil), (".json", nil),
        ] as [(String, DocumentFormat?)])
    func formatFollowsFromTheName(_ name: String, _ format: DocumentFormat?) {
        #expect(DocumentFormat(fileName: name) == format)
    }
}
