import JSON
import Rotation
import TestSupport
import Testing

/// What is signed must be exactly what is read: a text that two readers read differently is refused before anything else.
@Suite(.tags(.values)) struct StrictReadingTests {
    private static let good = #""schema":"ork-handoff/1","rotation":R,"records":[],"sealed":[]"#

    private static func text(_ members: String) throws -> String {
        let handoff = Handoff(header: try Sample.header())
        let json = try JSONValue(parsing: handoff.bytes(summary: [:]))
        return "{" + members.replacing("R,", with: try #require(json["rotation"]).text() + ",") + "}"
    }

    private func error(_ bytes: [UInt8]) -> HandoffError? {
        #expect(throws: HandoffError.self) { try Handoff(parsing: bytes) }
    }

    @Test("a handoff without records is read")
    func noRecords() throws {
        let handoff = try Handoff(parsing: Array(try Self.text(Self.good).utf8))
        #expect(handoff.head == handoff.header.digest)
        #expect(handoff == Handoff(header: try Sample.header()))
    }

    @Test(
        "a text on which readers disagree is refused",
        arguments: [
            #","summary":1,"summary":2"#, #","x":{"a":1,"a":1}"#, #","x":{"a":1,"\u0061":2}"#, #","x":1.0"#,
            #","x":1e3"#,
            #","x":-0"#, #","x":9007199254740993"#, #","x":-9007199254740993"#, #","x":"\ud83d""#, ",",
            #","x":\#(String(repeating: "[", count: 64))\#(String(repeating: "]", count: 64))"#,
        ])
    func disagreement(addition: String) throws {
        let text = try Self.text(Self.good + addition)
        #expect(error(Array(text.utf8))?.code == .malformed)
    }

    @Test("a byte too many, one too few, and bytes that are no text are refused")
    func bytes() throws {
        let text = Array(try Self.text(Self.good).utf8)
        #expect(error(text + Array("{}".utf8))?.code == .malformed)
        #expect(error(text + [0])?.code == .malformed)
        #expect(error(text.dropLast())?.code == .malformed)
        #expect(error([0xEF, 0xBB, 0xBF] + text)?.code == .malformed)
        #expect(error(Array(#"{"schema":""#.utf8) + [0xFF] + Array(#""}"#.utf8))?.code == .malformed)
        #expect(error([])?.code == .malformed)
        #expect(throws: Never.self) { try Handoff(parsing: text + [0x0A]) }
    }

    @Test("nesting that would exhaust the stack is refused")
    func depthBomb() throws {
        let bomb = String(repeating: "[", count: 100_000)
        #expect(error(Array(try Self.text(Self.good + #","x":"# + bomb).utf8))?.code == .malformed)
    }

    @Test(
        "a handoff of another form or version is refused and not quoted",
        arguments: [
            ("[]", .malformed), ("{}", .malformed), (#"{"schema":1}"#, .malformed),
            (#"{"schema":"ork-handoff/2"}"#, .schema), (#"{"schema":"ork-handoff/1"}"#, .malformed),
            (#"{"schema":"ork-handoff/1","rotation":{},"records":[],"sealed":[]}"#, .malformed),
        ] as [(String, HandoffError.Code)])
    func forms(text: String, code: HandoffError.Code) {
        let error = error(Array(text.utf8))
        #expect(error?.code == code)
        #expect(error?.message.contains("handoff/2") == false)
        #expect(error?.hint != nil)
    }

    @Test(
        "a record without what every record has is refused",
        arguments: ["step", "event", "at", "after", "signer"])
    func records(field: String) throws {
        var diary = try Diary(try Sample.header())
        try diary.intend()
        let text = String(decoding: diary.handoff.bytes(summary: [:]), as: UTF8.self)
        let broken = text.replacing(#""\#(field)""#, with: #""\#(field)_""#)
        #expect(broken != text)
        #expect(error(Array(broken.utf8))?.code == .malformed)
    }

    @Test("what the reader refuses is not written: a fraction, or a record that is nested too deeply")
    func writing() throws {
        var diary = try Diary(try Sample.header())
        var nested: JSONValue = 1
        for _ in 0..<60 { nested = [nested] }
        let half = try #require(JSONNumber("0.5"))
        for detail in [["receipt": ["n": .number(half)]], ["receipt": nested]] as [JSONObject] {
            let error = #expect(throws: HandoffError.self) {
                try diary.add(.publish, .committed, detail, target: "web")
            }
            #expect(error?.code == .malformed)
        }
        #expect(diary.handoff.records.isEmpty)
    }
}
