import JSON
import TestSupport
import Testing

@Suite(.tags(.values)) struct JSONFieldsTests {
    private static let fields = JSONFields<JSONFieldError>(
        ["text": "t", "number": 2, "flag": true, "nothing": nil, "list": ["a", 1], "texts": ["a"], "below": ["x": 1]],
        name: "the answer"
    ) { $0 }

    @Test("a member is read by its type")
    func read() throws {
        #expect(try Self.fields.string("text") == "t")
        #expect(try Self.fields.integer("number") == 2)
        #expect(try Self.fields.bool("flag"))
        #expect(try Self.fields.strings("texts") == ["a"])
        #expect(try Self.fields.strings("absent") == [])
        #expect(try Self.fields.optionalString("nothing") == nil)
        #expect(try Self.fields.fields("below").integer("x") == 1)
    }

    @Test(
        "an error names the member and its object, and quotes no value",
        arguments: [
            ("absent", "the answer has no absent"), ("nothing", "the answer has no nothing"),
            ("text", "text in the answer is not a whole number"),
        ])
    func errors(key: String, message: String) throws {
        let error = try #require(throws: JSONFieldError.self) { _ = try Self.fields.integer(key) }
        #expect(error.message == message)
    }

    @Test("an error below names the way there")
    func errorsBelow() throws {
        let error = try #require(throws: JSONFieldError.self) { _ = try Self.fields.fields("below").string("x") }
        #expect(error.message == "x in below in the answer is not a string")
    }

    @Test("an array that holds something else besides is none of its kind")
    func mixed() {
        #expect(throws: JSONFieldError.self) { _ = try Self.fields.strings("list") }
        #expect(throws: JSONFieldError.self) { _ = try Self.fields.list("list") }
    }
}
