import JSON
import TestSupport
import Testing

@Suite(.tags(.values)) struct JSONWriterTests {
    @Test(
        "the canonical form is that of RFC 8785",
        arguments: [
            // §3.2.3, the sorting example, without its Unicode names.
            (
                #"{"\u20ac":"E","\r":"C","\ufb33":"H","1":"O","\ud83d\ude00":"S","\u0080":"X","\u00f6":"o"}"#,
                "{\"\\r\":\"C\",\"1\":\"O\",\"\u{80}\":\"X\",\"\u{F6}\":\"o\",\"\u{20AC}\":\"E\",\"\u{1F600}\":\"S\",\"\u{FB33}\":\"H\"}"
            ),
            // §3.2.2.2, the string of the example.
            (
                #"{"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#,
                #"{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
            ),
            (#" { "b" : [ ] , "a" : { } } "#, #"{"a":{},"b":[]}"#),
            (#""\b\f\n\r\t\u0001\u007f""#, "\"\\b\\f\\n\\r\\t\\u0001\u{7F}\""),
            (#"{"peach":1,"péché":2,"pêche":3,"sin":4}"#, #"{"peach":1,"péché":2,"pêche":3,"sin":4}"#),
            ("-9007199254740992", "-9007199254740992"),
        ])
    func canonicalForm(text: String, canonical: String) throws {
        let value = try JSONValue(parsing: text.utf8, numbers: .integers)
        #expect(value.text(.canonical) == canonical)
        #expect(try JSONValue(parsing: canonical.utf8).text(.canonical) == canonical)
    }

    @Test(
        "what is written reads as the same value in every form",
        arguments: [JSONValue.Form.compact, .pretty, .canonical])
    func roundTrip(form: JSONValue.Form) throws {
        let value: JSONValue = [
            "z": [1, -2, "text \"\\/\u{1}\u{2028}😀"], "a": ["b": nil, "c": [true, false], "d": [], "e": [:]],
        ]
        #expect(try JSONValue(parsing: value.bytes(form)) == value)
    }

    @Test("the pretty form indents by two and keeps the order")
    func prettyForm() {
        let value: JSONValue = ["b": [1, 2], "a": [:], "c": []]
        #expect(value.text(.pretty) == "{\n  \"b\": [\n    1,\n    2\n  ],\n  \"a\": {},\n  \"c\": []\n}")
    }

    @Test("money keeps its digits")
    func money() throws {
        let text = "0.10000000000000000000001"
        #expect(try JSONValue(parsing: text.utf8).text() == text)
        #expect(JSONNumber("1.50")?.text == "1.50")
        #expect(JSONNumber(" 1") == nil)
        #expect(JSONNumber("1 ") == nil)
    }
}
