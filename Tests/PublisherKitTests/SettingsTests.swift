import JSON
import PublisherKit
import TestSupport
import Testing

/// Reading a target's `with`.
@Suite(.tags(.values)) struct SettingsTests {
    private enum Color: String, CaseIterable { case red, green }

    private let settings = Settings([
        "text": "t", "empty": "", "number": 7, "digits": "8", "yes": true, "no": "false", "null": nil,
        "list": ["a", "b"], "mixed": ["a", 1], "commas": "a,b", "gap": "a,,b", "color": "red",
    ])

    @Test("what is there is read by its type, also from the texts that flags give")
    func reads() throws {
        #expect(try settings.text("text") == "t")
        #expect(try settings.required("text", hint: "") == "t")
        #expect(try settings.count("number", in: 1...8) == 7)
        #expect(try settings.count("digits", in: 1...8) == 8)
        #expect(try settings.flag("yes") == true)
        #expect(try settings.flag("no") == false)
        #expect(try settings.texts("list") == ["a", "b"])
        #expect(try settings.texts("commas") == ["a", "b"])
        #expect(try settings.choice("color", Color.self) == .red)
        #expect(try settings.nameOrNumber("number") == "7")
        #expect(try settings.nameOrNumber("text") == "t")
        #expect(settings.has("null") && !settings.has("nothing"))
    }

    @Test("what is not there is nothing")
    func absent() throws {
        #expect(try settings.text("nothing") == nil)
        #expect(try settings.count("nothing", in: 1...8) == nil)
        #expect(try settings.flag("nothing") == nil)
        #expect(try settings.texts("nothing") == nil)
        #expect(try settings.choice("nothing", Color.self) == nil)
    }

    /// The ways to read a setting.
    enum Reading: Sendable {
        case text, count, flag, texts, choice, nameOrNumber

        func read(_ settings: Settings, _ key: String) throws(PublisherError) {
            switch self {
            case .text: _ = try settings.text(key)
            case .count: _ = try settings.count(key, in: 1...6)
            case .flag: _ = try settings.flag(key)
            case .texts: _ = try settings.texts(key)
            case .choice: _ = try settings.choice(key, Color.self)
            case .nameOrNumber: _ = try settings.nameOrNumber(key)
            }
        }
    }

    @Test(
        "what is of another type is refused with its name and without its value",
        arguments: [
            (.text, "empty"), (.text, "number"), (.text, "null"), (.text, "list"), (.count, "text"), (.count, "number"),
            (.count, "yes"), (.count, "empty"), (.flag, "text"), (.flag, "number"), (.flag, "null"), (.texts, "mixed"),
            (.texts, "gap"), (.texts, "number"), (.texts, "yes"), (.choice, "text"), (.choice, "number"),
            (.nameOrNumber, "list"), (.nameOrNumber, "empty"),
        ] as [(Reading, String)])
    func refused(reading: Reading, key: String) throws {
        let error = try #require(#expect(throws: PublisherError.self) { try reading.read(settings, key) })
        #expect(error.code == .configuration)
        #expect(error.field == "with.\(key)")
        #expect(error.message.hasPrefix("'\(key)' is "))
    }

    @Test("what has to be there is asked for with a hint")
    func required() {
        let error = #expect(throws: PublisherError.self) { try settings.required("name", hint: "say which") }
        #expect(error == PublisherError(.configuration, "'name' is missing", hint: "say which", field: "with.name"))
    }
}
