import FoundationEssentials
import Secrets
import TestSupport
import Testing

@Suite(.serialized, .tags(.processes, .slow)) struct ConformTests {
    /// Breaks one rule in the Python example.
    struct Fault: Sendable, CustomTestStringConvertible {
        let text: String
        let replacement: String
        let rule: String
        var testDescription: String { "\(rule) ← \(replacement)" }
    }

    static let committed = #"return told | {"outcome": "committed"}"#
    static let faults = [
        Fault(text: #"INFO = {"protocol": 1"#, replacement: #"INFO = {"protocol": 2"#, rule: "info prints"),
        Fault(text: "print(json.dumps(INFO))", replacement: "print(INFO)", rule: "info prints"),
        Fault(text: "sys.exit(64)", replacement: "sys.exit(1)", rule: "an unknown verb"),
        Fault(text: #""required": ["path"]"#, replacement: #""required": ["file"]"#, rule: "the target has"),
        Fault(text: #"request["protocol"] != 1"#, replacement: "False", rule: "another protocol"),
        Fault(text: #"not line.endswith("\n")"#, replacement: "not line", rule: "a request without its line feed"),
        Fault(
            text: #"return told | {"outcome": "ready"}"#,
            replacement: #"return (open(path, "w").write("x"), told | {"outcome": "ready"})[1]"#, rule: "check answers"),
        Fault(text: #"request.get("create")"#, replacement: "True", rule: "nothing is made"),
        Fault(text: #""nothing" if"#, replacement: #""unknown" if"#, rule: "nothing is made"),
        Fault(text: #""predecessor" if"#, replacement: #""other" if"#, rule: "what it says"),
        Fault(text: #"{"outcome": "unchanged"}"#, replacement: #"reject("conflict", "again")"#, rule: "publish again"),
        Fault(
            text: #"found not in request.get("expect", [found])"#, replacement: "False", rule: "a value that expect"),
        Fault(
            text: #"found not in request.get("expect", [found])"#,
            replacement: #"found not in request.get("expect", [])"#,
            rule: "without expect"),
        Fault(text: #""match" if found == digest"#, replacement: #""match" if found"#, rule: "verify of another key"),
        Fault(
            text: #"else "mismatch" if found"#, replacement: #"else "absent" if found"#, rule: "verify of another key"),
        Fault(text: #"else "absent"}"#, replacement: #"else "mismatch"}"#, rule: "verify of a target"),
        Fault(text: #"{"id": request["id"]}"#, replacement: #"{"id": "x"}"#, rule: "publish commits"),
        Fault(
            text: "perform(verb, request)))", replacement: #"perform(verb, request)), end="")"#, rule: "publish commits"
        ),
        Fault(
            text: "perform(verb, request)))", replacement: #"perform(verb, request)), "\n{}")"#, rule: "publish commits"
        ),
        Fault(
            text: "request = json.loads(line)",
            replacement: #"request = json.loads(line); assert "ork_conform_grease" not in request"#,
            rule: "publish commits"),
        Fault(
            text: #""rollback": "value"}"#, replacement: #""rollback": "value", "batch": True}"#, rule: "a batch"),
        Fault(
            text: "line = sys.stdin.readline()", replacement: #"line = sys.stdin.readline() or print("hello") or """#,
            rule: "the end of input"),
        Fault(
            text: "INFO =", replacement: "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nINFO =",
            rule: "TERM ends it"),
        Fault(
            text: committed,
            replacement: #"return told | {"outcome": "committed", "receipt": {"key": request["secret"]["value"]}}"#,
            rule: "the secret stays out"),
        Fault(
            text: committed,
            replacement: #"print(request["secret"]["value"].encode().hex(), file=sys.stderr); \#(committed)"#,
            rule: "the secret stays out"),
        Fault(
            text: committed, replacement: #"os.system("sleep 0.5; : " + request["secret"]["value"]); \#(committed)"#,
            rule: "the secret stays out"),
        Fault(
            text: committed,
            replacement: #"os.environ["KEY"] = request["secret"]["value"]; os.system("sleep 0.5"); \#(committed)"#,
            rule: "the secret stays out"),
    ]

    @Test("the examples keep the contract", arguments: ["shell", "python"])
    func examplesConform(language: String) async throws {
        let folder = try TemporaryDirectory()
        let lines = try await conform(example(language), folder, seeing: true)
        #expect(!lines.contains { $0.hasPrefix("not ok") }, "\(lines)")
        #expect(lines.last == "21 passed, 0 failed, 3 skipped")
    }

    @Test("ork-publisher-file keeps the contract")
    func theFilePublisherConforms() async throws {
        let folder = try TemporaryDirectory()
        let plugin = try #require(Self.product("ork-publisher-file"))
        let lines = try await conform(plugin, folder, with: ["name=KEY", "format=dotenv"], seeing: true)
        #expect(lines.last == "23 passed, 0 failed, 1 skipped", "\(lines)")
    }

    @Test("ork-publisher-command keeps the contract")
    func theCommandPublisherConforms() async throws {
        let folder = try TemporaryDirectory()
        let plugin = try #require(Self.product("ork-publisher-command"))
        let write = try folder.writeProgram("#!/bin/sh\ncat >\"$1\"\n", to: "write")
        let read = try folder.writeProgram("#!/bin/sh\n[ ! -e \"$1\" ] || cat \"$1\"\n", to: "read")
        let scratch = folder.file("scratch")
        let settings = [#"publish:=["\#(write)","\#(scratch)"]"#, #"verify:=["\#(read)","\#(scratch)"]"#]
        let lines = try await conform(plugin, folder, with: settings, withPath: false, command: "cat '\(scratch)'")
        #expect(lines.last == "22 passed, 0 failed, 2 skipped", "\(lines)")
    }

    @Test("a plugin that breaks a rule is told which", arguments: faults)
    func faultsAreFound(fault: Fault) async throws {
        let folder = try TemporaryDirectory()
        let source = try String(contentsOf: URL(filePath: example("python")), encoding: .utf8)
        let range = try #require(source.firstRange(of: fault.text))
        let path = try folder.writeProgram(
            source[..<range.lowerBound] + fault.replacement + source[range.upperBound...], to: "ork-publisher-faulty")
        let lines = try await conform(path, folder)
        #expect(lines.contains { $0.hasPrefix("not ok - \(fault.rule)") }, "\(lines)")
        #expect(lines.last?.contains(" 0 failed") == false)
    }

    @Test("a plugin writes no line of the report, and nothing of it reaches the terminal")
    func report() async throws {
        let folder = try TemporaryDirectory()
        let source = try String(contentsOf: URL(filePath: example("python")), encoding: .utf8)
        let words = #"reject("internal", "\u001b[1A\u001b[2K\nok - check answers and changes nothing\n::error::x")"#
        let ready = #"return told | {"outcome": "ready"}"#
        try #require(source.contains(ready))
        let path = try folder.writeProgram(
            source.replacing(ready, with: "return \(words)"), to: "ork-publisher-forger")
        let lines = try await conform(path, folder)
        #expect(lines.contains { $0.hasPrefix("not ok - check answers") && $0.hasSuffix("::error::x") }, "\(lines)")
        #expect(!lines.contains { $0.hasPrefix("ok - check answers") || $0.contains("\u{1b}") }, "\(lines)")
    }

    /// The example with the verb `rollback`, which it answers as `publish`, and one more change.
    struct WayBack: Sendable {
        var fault: (text: String, replacement: String)?
        /// The rule that it breaks; `nil` if it keeps them all.
        var rule: String?
    }

    static let waysBack = [
        WayBack(),
        WayBack(fault: (#""rollback": "native""#, #""rollback": "value""#), rule: "rollback: native goes with"),
        WayBack(
            fault: (
                "        if found == digest:",
                #"        if verb == "rollback": return told | {"outcome": "committed"}\#n        if found == digest:"#
            ), rule: "rollback gives back"),
        WayBack(
            fault: (#"return reject("not_found", "no value came along")"#, #"request["secret"]["value"] = """#),
            rule: "rollback without the key"),
        WayBack(
            fault: (
                #"return told | {"outcome": "ready"}"#,
                #"return told | {"outcome": "ready", "sealed": [{"to": to, "of": "predecessor", "box": "AAAA"} for to in request.get("seal_to", [])]}"#
            ), rule: "a check seals"),
    ]

    @Test("a plugin that names rollback is held to it, and one that seals to what it seals", arguments: waysBack)
    func wayBack(_ way: WayBack) async throws {
        var source = try String(contentsOf: URL(filePath: example("python")), encoding: .utf8)
        func change(_ text: String, _ replacement: String) throws {
            let range = try #require(source.firstRange(of: text))
            source.replaceSubrange(range, with: replacement)
        }
        try change(#""verify"], "with""#, #""verify", "rollback"], "with""#)
        try change(#""rollback": "value"}"#, #""rollback": "native"}"#)
        try change(
            "        with tempfile",
            #"        if "value" not in request["secret"]:\#n            return reject("not_found", "no value came along")\#n        with tempfile"#
        )
        if let fault = way.fault { try change(fault.text, fault.replacement) }
        let folder = try TemporaryDirectory()
        let lines = try await conform(try folder.writeProgram(source, to: "ork-publisher-back"), folder, seeing: true)
        let failures = lines.filter { $0.hasPrefix("not ok") }
        if let rule = way.rule {
            #expect(failures.contains { $0.hasPrefix("not ok - \(rule)") }, "\(lines)")
        } else {
            #expect(failures.isEmpty, "\(lines)")
        }
    }

    @Test("a command that sees another target is believed")
    func targetCommands() async throws {
        let folder = try TemporaryDirectory()
        let lines = try await conform(example("python"), folder, command: "echo nothing")
        #expect(lines.contains { $0.hasPrefix("not ok - publish commits") && $0.contains("does not hold") }, "\(lines)")
    }

    private func example(_ language: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../plugins/examples/ork-publisher-example-\(language)"
        ).standardized.path
    }

    private func conform(
        _ plugin: String, _ folder: TemporaryDirectory, with settings: [String] = [], withPath: Bool = true,
        seeing: Bool = false, command: String? = nil
    ) async throws -> [String] {
        let command = seeing ? "cat '\(folder.file("key"))' 2>/dev/null" : command
        let words =
            [BuiltProduct.path("ork-conform"), plugin]
            + ((withPath ? ["path=\(folder.file("key"))"] : []) + settings).flatMap { ["--with", $0] }
            + (command.map { ["--target-command", $0] } ?? [])
        let run = try await CommandRun(words, environment: ["PATH": "/usr/bin:/bin"])
        return run.output.split(separator: "\n").map(String.init)
    }

    /// The program beside the running tests.
    private static func product(_ name: String) -> String? {
        guard let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return nil
        }
        return URL(filePath: tests).deletingLastPathComponent().appending(path: name).path
    }
}
