import JSON
import TestSupport
import Testing

@Suite(.tags(.values)) struct JSONParserTests {
    @Test(
        "a text that is not JSON is refused",
        arguments: [
            ("", .syntax), (" ", .syntax), ("{", .syntax), ("[1,]", .syntax), (#"{"a":1,}"#, .syntax),
            ("[1 2]", .syntax),
            (#"{"a" 1}"#, .syntax), (#"{a:1}"#, .syntax), ("'a'", .syntax), ("nul", .syntax), ("nullx", .syntax),
            ("1 2", .syntax), ("01", .syntax), ("-", .syntax), ("1.", .syntax), (".5", .syntax), ("+1", .syntax),
            ("1e", .syntax), ("0x1", .syntax), ("NaN", .syntax), ("\"a", .syntax), ("\"\n\"", .syntax),
            ("\"\u{1}\"", .syntax), (#""\a""#, .syntax), (#""\u12G4""#, .syntax), (#""\u12"#, .syntax),
            ("\u{FEFF}1", .syntax), (#"{"a":1,"a":2}"#, .duplicateKey), (#"{"a":1,"\u0061":2}"#, .duplicateKey),
            (#""\ud83d""#, .encoding), (#""\ud83dx""#, .encoding), (#""\ud83d\u0041""#, .encoding),
            (#""\ude00""#, .encoding),
        ] as [(String, JSONError.Code)])
    func brokenTexts(text: String, code: JSONError.Code) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text.utf8) }
        #expect(error?.code == code)
    }

    @Test(
        "invalid UTF-8 is refused",
        arguments: [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: [34] + bytes + [34]) }
        #expect(error?.code == .encoding)
    }

    @Test(
        "numbers that readers disagree on are refused where whole ones are read",
        arguments: ["1.0", "1e2", "-0", "9007199254740993", "-9007199254740993", "99999999999999999999"])
    func numbers(text: String) throws {
        #expect(try JSONValue(parsing: text.utf8).number?.text == text)
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text.utf8, numbers: .integers) }
        #expect(error?.code == .number)
    }

    @Test("whole numbers up to 2^53 are read", arguments: [0, -1, 1 << 53, -(1 << 53)])
    func wholeNumbers(number: Int) throws {
        #expect(try JSONValue(parsing: String(number).utf8, numbers: .integers).integer == number)
    }

    @Test("nesting is bounded")
    func depth() throws {
        let nested = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(throws: Never.self) { try JSONValue(parsing: nested(63).utf8) }
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: nested(100_000).utf8) }
        #expect(error?.code == .depth)
    }

    @Test("an error tells the place and never the text")
    func errorsDoNotQuote() {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: #"{"a": secret}"#.utf8) }
        #expect(error?.offset == 6)
        #expect(error?.description.contains("secret") == false)
    }

    @Test("keys that are equal only to Swift are two keys")
    func normalForms() throws {
        let value = try JSONValue(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}".utf8)
        #expect(value.object?.members.count == 2)
    }
}
