import TestSupport
import Testing
import YAML

func parse(_ text: String, allowing extensions: YAMLExtensions = []) throws(YAMLError) -> YAMLNode? {
    try YAMLNode.parse(Array(text.utf8), allowing: extensions)
}

@Suite(.tags(.values)) struct YAMLNodeTests {
    @Test(
        "plain scalars are what the core schema of YAML 1.2 says",
        arguments: [
            ("", .null), ("~", .null), ("null", .null), ("NULL", .null), ("nUll", .string("nUll")),
            ("true", .bool(true)), ("FALSE", .bool(false)), ("yes", .string("yes")), ("on", .string("on")),
            ("Off", .string("Off")), ("y", .string("y")),
            ("0", .integer(0)), ("-17", .integer(-17)), ("+3", .integer(3)), ("0777", .integer(777)),
            ("0o17", .integer(15)), ("0x1F", .integer(31)), ("0b11", .string("0b11")), ("1_000", .string("1_000")),
            ("190:20:30", .string("190:20:30")), ("2026-11-23", .string("2026-11-23")),
            ("12.50", .float(12.5)), (".5", .float(0.5)), ("1.", .float(1)), ("1e3", .float(1000)),
            ("99999999999999999999", .float(1e20)), ("-.inf", .float(-.infinity)), (".", .string(".")),
            ("-", .string("-")), ("1e", .string("1e")), ("0o8", .string("0o8")), ("0x", .string("0x")),
            ("'12'", .string("12")), ("\"null\"", .string("null")), ("!!str 12", .string("12")),
            ("! 12", .string("12")),
            ("!!int 12", .integer(12)), ("!!float 12", .float(12)), ("!!null ''", .null),
        ] as [(String, YAMLScalar.Value)])
    func scalarIsResolved(_ text: String, _ value: YAMLScalar.Value) throws {
        let node = try #require(try parse("k: [\(text)]".replacing("[-]", with: "[\"-\"]")))
        let items = try #require(node["k"]?.sequence)
        #expect(items.first?.scalar?.value ?? .null == value)
    }

    @Test("entries keep their order, their text and their places")
    func marksAreBytes() throws {
        let text = "\u{FEFF}# é\r\nä: \"ö\" # c\r\nlist:\r\n  - 1\r\n  - {x: y}\r\n"
        let bytes = Array(text.utf8)
        let node = try #require(try YAMLNode.parse(bytes))
        let entries = try #require(node.mapping)
        #expect(entries.map(\.key.text) == ["ä", "list"])
        let value = entries[0].value
        #expect(value.string == "ö" && value.scalar?.style == .doubleQuoted)
        #expect(String(decoding: bytes[value.start.offset..<value.end.offset], as: UTF8.self) == "\"ö\"")
        #expect(value.start.line == 2 && value.start.column == 4)
        let flow = try #require(entries[1].value.sequence?.last)
        #expect(flow.isFlow && flow["x"]?.text == "y")
        #expect(String(decoding: bytes[flow.start.offset..<flow.end.offset], as: UTF8.self) == "{x: y}")
        #expect(flow.start.line == 5 && flow.start.column == 5)
    }

    @Test("a text without a document is none", arguments: ["", "\n", "# only a comment\n", "\u{FEFF}"])
    func emptyTextIsNone(_ text: String) throws {
        #expect(try parse(text) == nil)
    }

    @Test("an alias holds what its anchor holds, and says so")
    func aliasIsExpanded() throws {
        let node = try #require(try parse("a: &x {k: v}\nb: *x\n"))
        #expect(node["a"]?.anchor == "x" && node["a"]?.isAlias == false)
        #expect(node["b"]?["k"]?.string == "v" && node["b"]?.isAlias == true && node["b"]?.start.line == 2)
    }

    @Test(
        "what differs between readers is refused, with its place",
        arguments: [
            ("a: 1\nb: 2\na: 3\n", .duplicateKey, 3, 1),
            ("a:\n  x: 1\n  \"x\": 2\n", .duplicateKey, 3, 3),
            ("<<: {a: 1}\n", .mergeKey, 1, 1),
            ("a: !secret x\n", .tag, 1, 4),
            ("a: !!int x\n", .tag, 1, 4),
            ("a: !!binary aGk=\n", .tag, 1, 4),
            ("a: !e!x y\n", .tag, 1, 4),
            ("a: *b\n", .alias, 1, 4),
            ("a: &a [*a]\n", .alias, 1, 8),
            ("a: 1\n---\nb: 2\n", .documents, 2, 1),
            ("[a, b]: c\n", .key, 1, 1),
            ("a: &x k\n*x : v\n", .key, 2, 1),
            ("a:\n\tb: 1\n", .syntax, 2, 1),
            ("a: b: c\n", .syntax, 1, 5),
            ("a: 'b\n", .syntax, 1, 4),
            ("a: {b: c\n", .syntax, 2, 1),
            ("a: 1\n  b: 2\n", .syntax, 2, 4),
            ("é: 1\nb: \u{7}\n", .encoding, 2, 4),
        ] as [(String, YAMLError.Code, Int, Int)])
    func isRefused(_ text: String, _ code: YAMLError.Code, _ line: Int, _ column: Int) throws {
        let error = try #require(throws: YAMLError.self) { try parse(text) }
        #expect(error.code == code && error.line == line && error.column == column, "\(error)")
    }

    @Test("a file of somebody else's may have merge keys and tags of its own")
    func extensionsAreAllowed() throws {
        let text = "base: &b {a: 1}\nx:\n  <<: *b\n  c: !secret name\n  d: !list [1]\n"
        let node = try #require(try parse(text, allowing: [.mergeKeys, .foreignTags]))
        #expect(node["x"]?.mapping?.map(\.key.text) == ["<<", "c", "d"])
        #expect(node["x"]?["c"]?.string == "name" && node["x"]?["c"]?.tag == "!secret")
    }

    @Test("bytes that are not UTF-8 are refused where they stand")
    func otherEncodingsAreRefused() throws {
        let latin = try #require(throws: YAMLError.self) { try YAMLNode.parse(Array("a: b\nc: ".utf8) + [0xE9, 0x0A]) }
        #expect(latin.code == .encoding && latin.line == 2 && latin.column == 4)
        let utf16 = try #require(throws: YAMLError.self) { try YAMLNode.parse([0xFF, 0xFE, 0x61, 0x00]) }
        #expect(utf16.code == .encoding)
    }

    @Test("aliases stand for a thousand nodes at most")
    func aliasesAreBounded() throws {
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<12 {
            bomb +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
                + "]\n"
        }
        #expect(try #require(throws: YAMLError.self) { try parse(bomb) }.code == .alias)
        let list = "a: &a x\nb: [" + Array(repeating: "*a", count: 1000).joined(separator: ", ")
        #expect(try parse(list + "]\n")?["b"]?.sequence?.count == 1000)
        #expect(try #require(throws: YAMLError.self) { try parse(list + ", *a]\n") }.code == .alias)
    }

    @Test("nesting is bounded, by alias too")
    func depthIsBounded() throws {
        func nested(_ levels: Int) -> String {
            String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        }
        #expect(try parse(nested(64)) != nil)
        #expect(try #require(throws: YAMLError.self) { try parse(nested(65)) }.code == .depth)
        #expect(try parse("a: &a \(nested(62))\nb: [*a]") != nil)
        #expect(try #require(throws: YAMLError.self) { try parse("a: &a \(nested(62))\nb: [[*a]]") }.code == .depth)
    }

    @Test("no error quotes the text")
    func errorsAreSilent() throws {
        let value = "sk-or-v1-0123456789abcdef"
        for text in [
            "a: \(value): \(value)", "a: \"\(value)", "a: *\(value)", "a: !\(value) x", "\(value): 1\n\(value): 2",
            "a: \"\\\(value)\"", "- \(value)\nb: \(value)", "%\(value)\n---\na: b", "a: !\(value)!x y",
        ] {
            let error = try #require(throws: YAMLError.self) { try parse(text) }
            #expect(!"\(error)".contains("sk-or"))
        }
    }
}
