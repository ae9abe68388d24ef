import FoundationEssentials
import JSON
import TestSupport
import Testing

/// A handoff that is not what a step wrote.
struct BadHandoff: Sendable, CustomTestStringConvertible {
    let what: String
    let error: String
    let edit: @Sendable (_ text: String, _ other: String) -> [UInt8]

    init(_ what: String, _ error: String, _ edit: @escaping @Sendable (String, String) -> [UInt8]) {
        self.what = what
        self.error = error
        self.edit = edit
    }

    /// The first `old` in the text becomes `new`.
    init(_ what: String, _ old: String, _ new: String, _ error: String) {
        self.init(what, error) { text, _ in
            guard let range = text.firstRange(of: old) else { return [] }
            return Array((text[..<range.lowerBound] + new + text[range.upperBound...]).utf8)
        }
    }

    var testDescription: String { what }
}

@Suite(.serialized, .tags(.servers)) struct BadInputHandoffTests {
    @Test("a handoff that was broken or altered is refused, and its target stays as it is", arguments: handoffs)
    func handoff(_ handoff: BadHandoff) async throws {
        let complaint: String? = try await onOwnThread {
            let run = try Self.rotation()
            let (text, other) = (try run.content("ork-handoff.json"), try run.content("other.json"))
            let edited = handoff.edit(text, other)
            guard edited != Array(text.utf8) else { return "the handoff is not altered" }
            try Data(edited).write(to: URL(filePath: run.path("ork-handoff.json")))
            let input = BadInput(handoff.what, "ork-publish", 65, handoff.error)
            if let complaint = try input.deviation(run) { return complaint }
            return try run.content(".env").contains(run.variables["PREDECESSOR_KEY"] ?? "?")
                ? nil : "the target was written"
        }
        #expect(complaint == nil)
    }

    @Test(
        "what is no file of this rotation is refused",
        arguments: [
            BadInput(
                "a folder", "ork-publish --handoff folder", 65, "the handoff folder cannot be read: it is a folder"),
            BadInput("a missing handoff", "ork-publish --handoff none.json", 65, "there is no none.json in WORK"),
            BadInput(
                "a second one that is missing", "ork-publish --handoff ork-handoff.json --handoff none.json", 65,
                "there is no none.json in WORK"),
            BadInput(
                "another rotation's beside it", "ork-publish --handoff ork-handoff.json --handoff other.json", 65,
                "other.json: the handoffs are of different rotations: ID and ID"),
            BadInput(
                "another rotation's name", "ork-publish --rotation other --config other.yaml", 65,
                "ork-handoff.json belongs to the rotation checkout-prod, not to other"),
            BadInput(
                "a status of a folder", "ork-status --handoff folder", 65,
                "the handoff folder cannot be read: it is a folder"),
        ])
    func file(_ input: BadInput) async throws {
        let complaint = try await onOwnThread {
            let run = try Self.rotation()
            try run.perform(["mkdir", "folder"])
            return try input.deviation(run)
        }
        #expect(complaint == nil)
    }

    /// A rotation that has been created, and the handoff of another one beside it.
    private static func rotation() throws -> ScriptRun {
        let run = try ScriptRun(
            Script(files: [
                Script.File(name: ".env", text: "KEY=@PREDECESSOR_KEY@\n"),
                Script.File(
                    name: "other.yaml", text: "version: 1\nrotations:\n  other: {predecessor: none}\n"),
            ]))
        for line in [
            "exec ork-create --predecessor name=checkout-prod --to file:path=.env,name=KEY --settle 0s",
            "exec ork-create --predecessor none --name other --handoff other.json",
        ] { try run.perform(try ScriptWords.split(line, run.variables)) }
        return run
    }

    private static func json(_ text: String) -> JSONObject {
        (try? JSONValue(parsing: Array(text.utf8)))?.object ?? [:]
    }

    static let handoffs: [BadHandoff] = [
        BadHandoff("an empty file", "ork-handoff.json: not a handoff, or a damaged one: it is empty") {
            _, _ in []
        },
        BadHandoff("the first half", "ork-handoff.json: not a handoff, or a damaged one: not valid JSON") {
            text, _ in Array(text.utf8.prefix(text.utf8.count / 2))
        },
        BadHandoff(
            "all but the last brace", "ork-handoff.json: not a handoff, or a damaged one: not valid JSON"
        ) { text, _ in Array(text.utf8.dropLast(2)) },
        BadHandoff(
            "bytes without a meaning", "ork-handoff.json: not a handoff, or a damaged one: not valid JSON"
        ) { _, _ in (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 167) } },
        BadHandoff("a page of HTML", "ork-handoff.json: not a handoff, or a damaged one: not valid JSON") {
            _, _ in Array("<!DOCTYPE html><title>404</title>".utf8)
        },
        BadHandoff(
            "a byte order mark", "ork-handoff.json: not a handoff, or a damaged one: it begins with a byte order mark"
        ) { text, _ in [0xEF, 0xBB, 0xBF] + Array(text.utf8) },
        BadHandoff(
            "a merge conflict", "ork-handoff.json: not a handoff, or a damaged one: git has left a merge conflict in it"
        ) { text, other in Array("<<<<<<< HEAD\n\(text)=======\n\(other)>>>>>>> main\n".utf8) },
        BadHandoff("a list", "ork-handoff.json: schema is not as ork-handoff/1 has it") { text, _ in
            Array("[\(text)]".utf8)
        },
        BadHandoff(
            "something behind the end", "ork-handoff.json: not a handoff, or a damaged one: not valid JSON"
        ) { text, _ in Array((text + "}").utf8) },
        BadHandoff("17 MiB", "the handoff ork-handoff.json cannot be read: it is larger than any that ork writes") {
            text, _ in
            Array(text.utf8) + [UInt8](repeating: 0x20, count: 17 << 20)
        },
        BadHandoff("no UTF-8", "ork-handoff.json: not a handoff, or a damaged one: not valid UTF-8") {
            text, _ in Array(text.utf8).map { $0 == UInt8(ascii: "k") ? 0xFF : $0 }
        },
        BadHandoff(
            "deep nesting", "\"summary\": {", "\"deep\": \(String(repeating: "[", count: 500)), \"summary\": {",
            "ork-handoff.json: not a handoff, or a damaged one: nested too deeply"),
        BadHandoff(
            "a key twice", "\"schema\":", "\"schema\": \"ork-handoff/1\", \"schema\":",
            "ork-handoff.json: not a handoff, or a damaged one: an object has the same key twice"),
        BadHandoff(
            "a fraction", "\"summary\": {", "\"summary\": {\"x\": 1.5,",
            "ork-handoff.json: not a handoff, or a damaged one: a number that is not a whole number below 2^53"),
        BadHandoff(
            "a number that readers round", "\"summary\": {", "\"summary\": {\"x\": 9007199254740993,",
            "ork-handoff.json: not a handoff, or a damaged one: a number that is not a whole number below 2^53"),
        BadHandoff(
            "another schema", "ork-handoff/1", "ork-handoff/2",
            "ork-handoff.json: the handoff is of a format that this version of ork does not know"),
        BadHandoff("no schema", "\"schema\"", "\"scheme\"", "ork-handoff.json: schema is not as ork-handoff/1 has it"),
        BadHandoff(
            "records that are no list", "\"records\": [", "\"records\": 1, \"was\": [",
            "ork-handoff.json: the handoff is not as ork-handoff/1 has it"),
        BadHandoff(
            "another target", "\"path\": \".env\"", "\"path\": \"/etc/x\"",
            "no record of ork-create vouches for what this handoff says is rotated"),
        BadHandoff(
            "another predecessor", "\"label\": \"sk-or", "\"label\": \"xx-or",
            "no record of ork-create vouches for what this handoff says is rotated"),
        BadHandoff(
            "another message", "about to mint", "about to melt",
            "a record (create intended) was altered or is not by its signer"),
        BadHandoff(
            "an unknown event", "\"event\": \"created\"", "\"event\": \"blessed\"",
            "ork-handoff.json: a record has an event that this version of ork does not know"),
        BadHandoff(
            "a date that is none", "\"at\": \"20", "\"at\": \"XX",
            "ork-handoff.json: a record is not as ork-handoff/1 has it"),
        BadHandoff("no first record", "no record of ork-create vouches for what this handoff says is rotated") {
            text, _ in
            var object = json(text)
            object["records"] = .array(Array((object["records"]?.array ?? []).dropFirst()))
            return JSONValue.object(object).bytes()
        },
        BadHandoff("no record at all", "no record of ork-create vouches for what this handoff says is rotated") {
            text, _ in
            var object = json(text)
            object["records"] = []
            return JSONValue.object(object).bytes()
        },
        BadHandoff(
            "another rotation's records", "no record of ork-create vouches for what this handoff says is rotated"
        ) { text, other in
            var object = json(text)
            object["records"] = json(other)["records"]
            return JSONValue.object(object).bytes()
        },
        BadHandoff("another rotation's box", "the sealed successor is not the key that the records name") {
            text, other in
            var object = json(text)
            object["sealed"] = json(other)["sealed"]
            return JSONValue.object(object).bytes()
        },
        BadHandoff("no box", "the handoff has no sealed successor") {
            text, _ in
            var object = json(text)
            object["sealed"] = []
            return JSONValue.object(object).bytes()
        },
        BadHandoff(
            "a damaged box", "\"box\": \"", "\"box\": \"AAAA",
            "the sealed successor is not the key that the records name"),
        BadHandoff(
            "a box that is no text", "\"box\": \"", "\"box\": 1, \"was\": \"",
            "ork-handoff.json: an entry of sealed is not as ork-handoff/1 has it"),
    ]
}
