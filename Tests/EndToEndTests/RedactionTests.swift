import ChildProcesses
import FoundationEssentials
import JSON
import Rotation
import Secrets
import TestSupport
import Testing

/// Publishers and probes that print every secret they could come by, in every encoding, into every channel. Which
/// encodings are found, and which are not, `RedactorEncodingTests` and `RedactorLimitsTests` hold one by one.
@Suite(.tags(.servers)) struct RedactionTests {
    @Test("of what is printed, in whatever encoding, what comes through is what the redactor says it cannot find")
    func everyChannel() async throws {
        let complaints = try await onOwnThread { try ChattyRotation().shoutEverywhere() }
        #expect(complaints == [])
    }
}

/// A rotation of which the second wave, and the probes, are chatty.
private final class ChattyRotation {
    /// The parts of an answer that hold a text.
    private static let fields = ["message", "receipt", "error", "hint"]
    /// What is found of keys that the step does not know.
    private static let unknownForms: Set<String> = Set(
        ["plain", "hexadecimal", "HEX", "base64", "base64url", "base32"] + Encoding.escapes.map(\.name))

    private let run: ScriptRun
    private var chatter: [String: Chatter] = [:]
    private var complaints: [String] = []
    private let token = Secret("Zq7-not-a-known-shape-4hT9-and-long-enough")
    private let identity: Identity
    private let names = Chatter.names
    private let exceptions: Set<Int>
    /// The encodings that stand in answers as well: each takes a target of its own.
    private let answered: [Int]

    init() throws {
        exceptions = Set(names.indices.filter { $0 >= Encoding.all.count })
        answered = names.indices.filter { $0 % 2 == 0 }
        run = try ScriptRun(
            Script(files: [
                Script.File(name: "app.env", text: "KEY=@PREDECESSOR_KEY@\n"),
                Script.File(name: "publisher", text: Self.publisher), Script.File(name: "probe", text: Self.probe),
            ]))
        identity = try Identity.generate()
        // The steps are to know the predecessor by no variable.
        run.variables["PREDECESSOR_KEY"] = nil
        run.variables["ORK_PLUGIN_PATH"] = run.work.path
        run.variables["ORK_IDENTITY"] = identity.text.revealed()
        run.variables["ACME_TOKEN"] = token.revealed()
        run.variables["GITHUB_STEP_SUMMARY"] = run.path("summary.md")
        run.variables["GITHUB_OUTPUT"] = run.path("outputs")
    }

    private static let publisher = #"""
        #!/usr/bin/python3
        import json, os, sys
        if sys.argv[1] == "info":
            print('{"protocol": 1, "verbs": ["check", "publish", "verify"], "with": {"optional": ["place"]}, '
                  '"environment": {"optional": ["TARGET_TOKEN"]}, "readback": "value", "batch": true}')
            sys.exit()
        with open(sys.argv[0] + ".log", "rb") as log:
            sys.stderr.buffer.write(log.read())
        with open(sys.argv[0] + ".json") as file:
            answers = json.load(file)
        for line in sys.stdin:
            request = json.loads(line)
            print(json.dumps(answers[request["target"]["name"]] | {"id": request["id"]}), flush=True)
        """#

    private static let probe = "#!/bin/sh\nif [ -e \"$0.log\" ]; then cat \"$0.log\" >&2; fi\n"

    /// What is wrong with what came through.
    func shoutEverywhere() throws -> [String] {
        try install()
        for words in [["ork-create"], ["ork-publish"], ["ork-verify", "--keep-secret"]] {
            try run.execute(words)
            guard run.ending == .exited(0) else { throw Complaint("\(words): \(run.errors)") }
        }
        try learn()
        try answer(done: "ready", shift: 0)
        try shout(["ork-publish", "--check"], knowing: ["identity", "management", "token"])
        try answer(done: "committed", shift: 1)
        try shout(["ork-publish"], knowing: ["identity", "management", "successor", "token"])
        try answer(done: "committed", shift: nil)
        try run.execute(["ork-publish"])
        try answer(done: "match", shift: 2)
        try shout(
            ["ork-verify", "--junit", "junit.xml"], knowing: ["identity", "management", "successor", "token"])
        return complaints
    }

    private func install() throws {
        var targets: JSONObject = [
            "known": ["publisher": "file", "with": ["path": .string(run.path("app.env")), "name": "KEY"]]
        ]
        var probes: [JSONValue] = []
        let environment: JSONValue = ["TARGET_TOKEN": "ACME_TOKEN"]
        for name in Chatter.publishers {
            try run.perform(["exec", "install", "-m", "755", "publisher", "ork-publisher-\(name)"])
            try run.perform(["exec", "install", "-m", "755", "probe", "probe-\(name)"])
            targets["a-\(name)"] = ["publisher": .string(name), "wave": 2, "env": environment]
            probes.append(["command": ["run": [.string(run.path("probe-\(name)"))], "env": environment]])
        }
        try run.perform(["exec", "install", "-m", "755", "publisher", "ork-publisher-answers"])
        for number in answered {
            targets["e-\(number)"] = ["publisher": "answers", "wave": 2, "with": ["place": .string("\(number)")]]
        }
        let plan: JSONValue = [
            "version": 1,
            "rotations": [
                "checkout": [
                    "predecessor": ["name": "checkout-prod"], "targets": .object(targets),
                    "publish": ["settle": "0s"], "verify": ["probes": .array(probes)],
                ]
            ],
        ]
        try write(plan.bytes(.pretty), "ork.yaml")
    }

    /// The wave that is through tells the successor: from now on everybody prints everything.
    private func learn() throws {
        guard let successor = try run.content("app.env").firstMatch(of: /sk-or-v1-[0-9a-f]{64}/) else {
            throw Complaint("nothing was published")
        }
        let values = [
            "identity": identity.text, "management": run.sandbox.managementKey, "token": token,
            "predecessor": run.sandbox.predecessor.key, "successor": Secret(String(successor.output)),
        ]
        for (name, secret) in values {
            let compress = #"printf %s "$1" | gzip -n -9 | base64 -w 0"#
            try run.execute(["bash", "-c", compress, "compress", secret.revealed() ?? ""])
            let chatter = Chatter(secret, compressed: run.output)
            self.chatter[name] = chatter
            try write(chatter.log, "ork-publisher-\(name).log")
            try write(chatter.log, "probe-\(name).log")
        }
        try write([], "ork-publisher-answers.log")
    }

    /// What the publishers answer: that it is done, or why not, and the successor in one encoding; with `shift: nil` nothing
    /// of it.
    private func answer(done: String, shift: Int?) throws {
        for name in Chatter.publishers {
            try write(JSONValue.object(["a-\(name)": ["outcome": .string(done)]]).bytes(), "ork-publisher-\(name).json")
        }
        var answers: JSONObject = [:]
        for number in answered {
            let text = JSONValue.string(chatter["successor"]?.text(number) ?? "")
            answers["e-\(number)"] =
                switch shift.map({ Self.fields[(number + $0) % 4] }) {
                case "message": ["outcome": .string(done), "message": text]
                case "receipt": ["outcome": .string(done), "receipt": ["note": text]]
                case "error": ["outcome": "rejected", "error": ["code": "denied", "message": text]]
                case "hint": ["outcome": "rejected", "error": ["code": "denied", "message": "no", "hint": text]]
                default: ["outcome": .string(done)]
                }
        }
        try write(JSONValue.object(answers).bytes(), "ork-publisher-answers.json")
    }

    /// Runs a step and looks at everything that came out of it.
    private func shout(_ words: [String], knowing known: Set<String>) throws {
        try run.execute(words + ["--json"])
        let verb = words.joined(separator: " ")
        var channels = [
            "standard error": run.errors, "standard output": try texts(Array(run.output.utf8)),
            "handoff": try texts(Array(run.content("ork-handoff.json").utf8)),
        ]
        for name in ["summary.md", "outputs", "junit.xml"] { channels[name] = (try? run.content(name)) ?? "" }
        for name in Chatter.publishers {
            guard let chatter = chatter[name] else { continue }
            let found = channels.mapValues { chatter.shown(in: Self.plain($0)) }
            let shown = found.values.reduce(into: Set<Int>()) { $0.formUnion($1) }
            print("\(verb), \(name): \(names.count - shown.count) of \(names.count) encodings are kept back")
            if known.contains(name) {
                expect(shown.isSubset(of: exceptions), "\(verb) shows the \(name)", shown.subtracting(exceptions))
            } else {
                let promised = Set(names.indices.filter { Self.unknownForms.contains(names[$0]) })
                expect(shown.isDisjoint(with: promised), "\(verb) shows the \(name)", shown.intersection(promised))
            }
            // All of it was printed, and is found here: the exceptions are heard, but for one that other forms cover.
            let kept = exceptions.subtracting(found["standard error"] ?? [])
            expect(kept.count <= 1, "\(verb) keeps back what the redactor excepts", kept)
        }
    }

    private func expect(_ condition: Bool, _ what: String, _ numbers: Set<Int>) {
        if !condition { complaints.append("\(what): \(numbers.sorted().map { names[$0] })") }
    }

    private func texts(_ json: [UInt8]) throws -> String {
        try JSONValue(parsing: json).texts.joined(separator: "\n")
    }

    private func write(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: URL(filePath: run.path(name)))
    }

    /// Without the escapes of XML.
    private static func plain(_ text: String) -> String {
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")].reduce(text) {
            $0.replacing($1.0, with: $1.1)
        }
    }
}
