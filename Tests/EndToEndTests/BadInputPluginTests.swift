import FoundationEssentials
import TestSupport
import Testing

/// A publisher that does not keep to its contract.
struct BadPlugin: Sendable, CustomTestStringConvertible {
    static let information =
        #"{"protocol": 1, "verbs": ["check", "publish", "verify"], "with": {"optional": ["path"]}}"#

    let what: String
    let information: String
    /// What it does with a request, in the words of sh(1).
    let publish: String
    let status: Int32
    let error: String

    init(_ what: String, info: String = information, _ publish: String, _ status: Int32, _ error: String) {
        self.what = what
        information = info
        self.publish = publish
        self.status = status
        self.error = error
    }

    var testDescription: String { what }

    var text: String {
        "#!/bin/sh\nif [ $1 = info ]; then\ncat <<'END'\n\(information)\nEND\nexit; fi\nread -r request\n\(publish)\n"
    }
}

@Suite(.tags(.servers)) struct BadInputPluginTests {
    @Test("a publisher that breaks its contract is not believed", arguments: plugins)
    func plugin(_ plugin: BadPlugin) async throws {
        let complaint = try await onOwnThread {
            let run = try ScriptRun(Script(files: [Script.File(name: "plugin", text: plugin.text)]))
            for line in [
                // A stage without the publisher, which asks it nothing.
                "exec ork-create --predecessor name=checkout-prod --to bad:path=x --settle 0s",
                // A program writes it: a file that this process has open for writing cannot be run.
                "exec install -m 755 plugin ork-publisher-bad", "env ORK_PLUGIN_PATH=$WORK",
            ] { try run.perform(try ScriptWords.split(line, run.variables)) }
            return try BadInput(plugin.what, "ork-publish", plugin.status, plugin.error).deviation(run)
        }
        #expect(complaint == nil)
    }

    /// How the only target is told to have failed.
    private static func lacking(_ code: String, _ reason: String) -> String {
        "1 of 1 target \(code == "unknown" ? "may be without the new key" : "was not written"): bad (\(code)): \(reason)"
    }

    private static func answer(_ text: String) -> String { "printf '%s\\n' '\(text)'" }

    static let plugins: [BadPlugin] = [
        BadPlugin("no JSON as its info", info: "hello", "", 65, "bad: info cannot be read: not valid JSON"),
        BadPlugin("an empty info", info: "", "", 65, "bad: the publisher's info printed nothing"),
        BadPlugin(
            "another protocol", info: #"{"protocol": 2, "verbs": []}"#, "", 65,
            "bad: info speaks protocol 2, but only protocol 1 is spoken here"),
        BadPlugin("no verbs", info: #"{"protocol": 1}"#, "", 65, "bad: info has no verbs"),
        BadPlugin(
            "verbs that are no list", info: #"{"protocol": 1, "verbs": "all"}"#, "", 65,
            "bad: verbs in info is not an array of strings"),
        BadPlugin(
            "a setting it does not know", info: #"{"protocol": 1, "verbs": ["publish"]}"#, "", 65,
            "bad: the publisher does not know the setting path"),
        BadPlugin(
            "a setting it misses", info: #"{"protocol": 1, "verbs": ["publish"], "with": {"required": ["token"]}}"#,
            "", 65, "bad: the publisher does not know the setting path"),
        BadPlugin(
            "a variable it misses",
            info:
                #"{"protocol": 1, "verbs": ["publish"], "with": {"optional": ["path"]}, "environment": {"required": ["TOKEN"]}}"#,
            "", 65, "bad: the publisher needs the environment variable TOKEN"),
        BadPlugin(
            "a huge info", info: String(repeating: "x", count: 1 << 20), "", 65,
            "bad: the publisher's info is longer than 65536 bytes"),
        BadPlugin(
            "no answer", "exit 0", 1, lacking("unknown", "the publisher ended with status 0 and printed nothing")),
        BadPlugin(
            "a status and no answer", "exit 3", 1,
            lacking("unknown", "the publisher ended with status 3 and printed nothing")),
        BadPlugin(
            "a signal", "kill -9 $$", 1, lacking("unknown", "the publisher was ended by signal 9 and printed nothing")),
        BadPlugin(
            "an unknown verb", "exit 64", 1, lacking("configuration", "the publisher cannot publish")),
        BadPlugin(
            "an answer that is no JSON", answer("done"), 1,
            lacking("unknown", "the answer cannot be read: not valid JSON")),
        BadPlugin(
            "an answer that is cut", "printf '{\"id\": \"1\", \"outcome\": \"committed\"}'", 1,
            lacking("unknown", "the publisher's answer does not end with a line feed")),
        BadPlugin(
            "an answer to another request", answer(#"{"id": "7", "outcome": "committed"}"#), 1,
            lacking("unknown", "the publisher answered what it was not asked, or twice")),
        BadPlugin(
            "an unknown outcome", answer(#"{"id": "1", "outcome": "perhaps"}"#), 1,
            lacking("unknown", "the outcome in the answer is not one of committed unchanged rejected unknown")),
        BadPlugin(
            "another verb's outcome", answer(#"{"id": "1", "outcome": "match"}"#), 1,
            lacking("unknown", "the outcome in the answer is not one of committed unchanged rejected unknown")),
        BadPlugin(
            "a refusal without a reason", answer(#"{"id": "1", "outcome": "rejected"}"#), 1,
            lacking("unknown", "the answer has no error")),
        BadPlugin(
            "a reason of an unknown kind",
            answer(#"{"id": "1", "outcome": "rejected", "error": {"code": "moon", "message": "wrong phase"}}"#), 1,
            lacking("internal", "wrong phase")),
        BadPlugin(
            "an answer with the key in it",
            #"printf '%s\n' "$request" | jq -c '{id, outcome: "committed", message: .secret.value}'"#,
            1, lacking("unknown", "the publisher's answer carried the secret and was dropped")),
        BadPlugin(
            "the key on standard error",
            #"printf '%s\n' "$request" | jq -r .secret.value >&2; printf '%s\n' '{"id": "1", "outcome": "rejected", "error": {"code": "denied", "message": "no"}}'"#,
            77, lacking("denied", "no")),
        BadPlugin(
            "an endless answer", "yes x | head -c 20000000", 1,
            lacking("unknown", "the answer cannot be read: not valid JSON")),
    ]
}
