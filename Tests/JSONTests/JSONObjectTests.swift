import JSON
import TestSupport
import Testing

@Suite(.tags(.values)) struct JSONObjectTests {
    @Test("members keep their place when they change, and go when they are nil")
    func members() {
        var object: JSONObject = ["a": 1, "b": 2]
        object["a"] = 3
        object["c"] = 4
        object["b"] = nil
        #expect(object.keys == ["a", "c"])
        #expect(object["a"] == 3)
    }

    @Test("objects are equal in whatever order their members are")
    func equality() {
        let (one, other): (JSONObject, JSONObject) = (["a": 1, "b": [:]], ["b": [:], "a": 1])
        #expect(one == other)
        #expect(one.hashValue == other.hashValue)
        #expect(one != ["a": 1])
        #expect(one != ["a": 1, "b": nil])
    }

    @Test("a value gives itself as what it is, and as nothing else")
    func kinds() {
        let value: JSONValue = ["s": "x", "n": 1, "b": true, "a": [], "z": nil]
        #expect(value["s"]?.string == "x")
        #expect(value["n"]?.integer == 1)
        #expect(value["b"]?.bool == true)
        #expect(value["a"]?.array == [])
        #expect(value["z"]?.isNull == true)
        #expect(value["missing"] == nil)
        #expect(value["s"]?.integer == nil)
        #expect(value["n"]?.string == nil)
    }

    @Test("keys and strings that are equal only to Swift are two: what is signed is bytes")
    func normalForms() throws {
        let (composed, decomposed) = ("\u{E9}", "e\u{301}")
        var object: JSONObject = [composed: 1, decomposed: 2]
        #expect(object.members.count == 2)
        #expect(object[composed] == 1)
        #expect(object[decomposed] == 2)
        #expect(object == object)
        object[composed] = nil
        #expect(object.members.count == 1)
        #expect(object[composed] == nil)
        #expect(JSONValue.string(composed) != .string(decomposed))
        #expect([composed: 1] as JSONObject != [decomposed: 1])
        #expect(["k": .string(composed)] as JSONObject != ["k": .string(decomposed)])
        #expect(["\u{212A}": 1] as JSONObject != ["K": 1])
    }
}
