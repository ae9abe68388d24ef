import FoundationEssentials
import JSON
import PluginHost
import PublisherKit
import Secrets
import Sodium
import TestSupport
import Testing

@Suite(.serialized, .tags(.processes)) struct PluginHostTests {
    struct OddPlugin: Sendable, CustomTestStringConvertible {
        let name: String
        let body: String
        let outcome: String
        let message: String
        /// How many processes have had the request in the end.
        var runs = 1
        var testDescription: String { name }
    }

    static let committed = #"cat >/dev/null; echo '{"id":"1","outcome":"committed"}'"#

    static let plugins = [
        OddPlugin(name: "keeps the contract", body: committed, outcome: "committed", message: ""),
        OddPlugin(
            name: "sends unknown fields",
            body: #"cat >/dev/null; echo '{"id":"1","outcome":"committed","grease":[{"a":null}],"receipt":{"v":1}}'"#,
            outcome: "committed", message: ""),
        OddPlugin(
            name: "rejects",
            body: #"cat >/dev/null; echo '{"id":"1","outcome":"rejected","error":{"code":"denied","message":"no"}}'"#,
            outcome: "rejected", message: "no"),
        // What one process may have done the next one cannot deny.
        OddPlugin(
            name: "is in doubt, and rejects when it is asked again",
            body: #"""
                cat >/dev/null
                [ -e doubt ] && echo '{"id":"1","outcome":"rejected","error":{"code":"rate_limited","message":"no"}}' && exit
                : >doubt
                echo '{"id":"1","outcome":"unknown","error":{"code":"internal","message":"maybe"}}'
                """#,
            outcome: "unknown", message: "no", runs: 2),
        OddPlugin(
            name: "dies, and does not know the verb when it is asked again",
            body: "cat >/dev/null; [ -e dead ] && exit 64; : >dead; kill -9 $$", outcome: "unknown",
            message: "cannot publish", runs: 2),
        OddPlugin(
            name: "answers and fails", body: committed + "; exit 3", outcome: "committed", message: ""),
        OddPlugin(
            name: "prints junk", body: "cat >/dev/null; echo junk", outcome: "unknown", message: "not valid JSON",
            runs: 3),
        OddPlugin(
            name: "prints no line feed", body: #"cat >/dev/null; printf '{"id":"1","outcome":"committed"}'"#,
            outcome: "unknown", message: "does not end with a line feed", runs: 3),
        OddPlugin(
            name: "prints too much", body: "cat >/dev/null; yes committed | tr -d '\\n'", outcome: "unknown",
            message: "too long", runs: 3),
        OddPlugin(
            name: "says nothing", body: "cat >/dev/null; exit 3", outcome: "unknown", message: "status 3", runs: 3),
        OddPlugin(
            name: "does not know the verb", body: "cat >/dev/null; exit 64", outcome: "rejected",
            message: "cannot publish"),
        OddPlugin(
            name: "dies by a signal", body: "cat >/dev/null; kill -9 $$", outcome: "unknown", message: "signal 9",
            runs: 3),
        OddPlugin(
            name: "answers another id", body: #"cat >/dev/null; echo '{"id":"7","outcome":"committed"}'"#,
            outcome: "unknown", message: "not asked", runs: 3),
        OddPlugin(
            name: "answers twice", body: committed + #"; echo '{"id":"1","outcome":"unchanged"}'"#,
            outcome: "committed", message: ""),
        OddPlugin(
            name: "answers another verb", body: #"cat >/dev/null; echo '{"id":"1","outcome":"match"}'"#,
            outcome: "unknown", message: "outcome", runs: 3),
        OddPlugin(
            name: "does not know",
            body:
                #"cat >/dev/null; echo '{"id":"1","outcome":"unknown","error":{"code":"internal","message":"maybe"}}'"#,
            outcome: "unknown", message: "maybe", runs: 3),
        OddPlugin(
            name: "knows at the second try",
            body: "cat >/dev/null; [ -e once ] || { touch once; kill -9 $$; }; " + committed,
            outcome: "committed", message: "", runs: 2),
        OddPlugin(
            name: "never reads", body: #"echo '{"id":"1","outcome":"committed"}'"#, outcome: "committed", message: ""),
        OddPlugin(
            name: "puts the secret in its receipt",
            body:
                #"key=$(grep -o 'sk-or-v1-[0-9a-f]*'); echo '{"id":"1","outcome":"committed","receipt":{"k":"'$key'"}}'"#,
            outcome: "unknown", message: "carried the secret"),
        OddPlugin(
            name: "puts the secret in its message in base64",
            body:
                #"key=$(grep -o 'sk-or-v1-[0-9a-f]*' | base64 -w0); printf '{"id":"1","outcome":"committed",'; sleep 0.1; echo '"message":"'$key'"}'"#,
            outcome: "unknown", message: "carried the secret"),
    ]

    @Test("an odd plugin gets the answer that is certain", arguments: plugins)
    func oddPlugins(plugin: OddPlugin) async throws {
        let plugins = try FakePlugins()
        try plugins.add("odd", "echo run >>runs\n" + plugin.body)
        let answers = try await plugins.publish([try FakePlugins.address("odd")])
        let answer = try #require(answers[0])
        #expect(answer.outcome.word == plugin.outcome)
        let message = answer.outcome.error?.message ?? ""
        #expect(message.contains(plugin.message) || plugin.message.isEmpty)
        #expect(try plugins.folder.read("runs").split(separator: "\n").count == plugin.runs)
        #expect(!"\(answers) \(plugins.log)".contains(FakePlugins.key))
    }

    @Test(
        "a plugin that does not end is ended with all that it started, at the deadline",
        arguments: [
            "sleep 300", "trap '' TERM; while :; do sleep 300; done",
            "cat >/dev/null; (sleep 300 & echo $! >child; wait)",
        ])
    func hangingPlugins(body: String) async throws {
        let plugins = try FakePlugins()
        try plugins.add("hangs", "echo $$ >leader\n" + body)
        var limits = Limits()
        limits.grace = .milliseconds(300)
        let answers = try await plugins.publish([try FakePlugins.address("hangs")], seconds: 5, limits: limits)
        guard case .unknown(let error) = answers[0]?.outcome else {
            Issue.record("it answered")
            return
        }
        #expect(error.message.contains("deadline"))
        for name in ["leader", "child"] {
            guard let number = try? plugins.folder.read(name).split(separator: "\n").first else { continue }
            #expect(!Self.runs(String(number)))
        }
    }

    @Test("a grandchild that holds the pipes does not hold up the answer")
    func aGrandchildThatHoldsThePipes() async throws {
        let plugins = try FakePlugins()
        try plugins.add("forks", "sleep 300 & echo $! >child\n" + Self.committed)
        let answers = try await plugins.publish([try FakePlugins.address("forks")], seconds: 100)
        #expect(answers[0]?.outcome == .committed)
        let child = try plugins.folder.read("child").split(separator: "\n").joined()
        #expect(await eventually { !Self.runs(child) })
    }

    @Test("a plugin that does not read a large request does not hold up the host")
    func aPluginThatDoesNotRead() async throws {
        let plugins = try FakePlugins()
        try plugins.add("deaf", #"echo '{"id":"1","outcome":"committed"}'; sleep 300"#)
        let address = try FakePlugins.address("deaf")
        let outcome = try await onOwnThread {
            var request = FakePlugins.request()
            request.with = ["path": .string(String(repeating: "x", count: 1_000_000))]
            var limits = Limits()
            limits.grace = .milliseconds(300)
            var outcome: PublisherOutcome?
            plugins.host([:], limits).send(.publish, [(address, request)]) { outcome = $1.outcome }
            return outcome
        }
        #expect(outcome == .committed)
    }

    @Test("standard error is redacted over chunk edges, escaped and bounded")
    func standardErrorIsTamed() async throws {
        let plugins = try FakePlugins()
        try plugins.add(
            "chatty",
            #"""
            key=$(grep -o 'sk-or-v1-[0-9a-f]*')
            text=$(echo "$key" | base64 -w0)
            printf 'in base64: %.30s' "$text" >&2; sleep 0.1; printf '%s\n' "${text#??????????????????????????????}" >&2
            printf '\033[2Jcleared \342\200\256 turned\n' >&2
            echo "plain $key" >&2
            head -c 100000 /dev/zero | tr '\0' 'x' | fold -w 100 >&2
            """# + "\n" + #"echo '{"id":"1","outcome":"committed"}'"#)
        #expect(try await plugins.publish([try FakePlugins.address("chatty")])[0]?.outcome == .committed)
        #expect(
            plugins.log.prefix(3).map { $0.prefix(29) } == [
                "chatty: in base64: <redacted>", "chatty: \\u{1b}[2Jcleared \\u{2", "chatty: plain <redacted>",
            ])
        #expect(plugins.log.last == "chatty: (it says more than is passed on; the rest is dropped)")
        #expect(plugins.log.map(\.utf8.count).reduce(0, +) < 90_000)
    }

    @Test(
        "whatever is asked, no answer and no log shows the key, nor a credential of the target",
        arguments: Verb.allCases)
    func everyVerbIsRedacted(verb: Verb) async throws {
        let plugins = try FakePlugins()
        let token = "Zq7-not-a-known-shape-4hT9"
        let outcome = ["check": "ready", "verify": "match"][verb.rawValue] ?? "committed"
        let key = try #require(FakePlugins.secret.revealed())
        try plugins.add(
            "chatty",
            #"""
            cat >/dev/null
            printf '%s' "\#(key)" | base64 -w0 >&2; echo >&2; printf '%s' "\#(key)" | od -An -tx1 >&2
            printf '%s' "\#(key)" | rev >&2; echo >&2; echo "token $TARGET_TOKEN" >&2
            printf '%s' "$TARGET_TOKEN" | base64 -w0 >&2; echo >&2
            echo '{"id":"1","outcome":"\#(outcome)","message":"used '$TARGET_TOKEN'"}'
            """#)
        let address = try FakePlugins.address("chatty", environment: ["TARGET_TOKEN": "ACME_TOKEN"])
        let answer = try await onOwnThread {
            var answer: PublisherAnswer?
            plugins.host(["ACME_TOKEN": token]).send(verb, [(address, FakePlugins.request())]) { answer = $1 }
            return answer
        }
        #expect(answer?.outcome.word == outcome)
        #expect(answer?.message == "used <redacted>")
        #expect(plugins.log.count >= 4)
        let seen = Redactor([FakePlugins.secret, Secret(token)])
        #expect(plugins.log.allSatisfy { !seen.contains($0.utf8) }, "\(plugins.log)")
    }

    @Test(
        "a receipt may say what another variable of the job happens to hold, and not a credential of the target",
        arguments: [true, false])
    func receiptBesideCredentials(isOwn: Bool) async throws {
        let plugins = try FakePlugins()
        let region = "europe-west1"
        try plugins.add(
            "regional",
            "cat >/dev/null; echo '{\"id\":\"1\",\"outcome\":\"committed\",\"message\":\"in \(region)\",\"receipt\":{\"in\":\"\(region)\"}}'"
        )
        let address = try FakePlugins.address("regional", environment: isOwn ? ["TARGET_TOKEN": "ACME_TOKEN"] : [:])
        let answer = try await onOwnThread {
            var answer: PublisherAnswer?
            plugins.host(["ACME_TOKEN": region], masking: [Secret(region)])
                .send(.publish, [(address, FakePlugins.request())]) { answer = $1 }
            return answer
        }
        #expect(answer?.outcome == .committed && answer?.message == "in <redacted>")
        #expect(answer?.receipt == (isOwn ? nil : ["in": .string(region)]))
    }

    @Test("what a target held is told, also where its credentials are masked and its variables have other names")
    func heldWithCredentials() async throws {
        let plugins = try FakePlugins()
        let recipient = Recipient(box: [UInt8](repeating: 9, count: 32), signing: [UInt8](repeating: 0, count: 32))
        let box = try #require(SealedBox(FakePlugins.secret, of: .predecessor, to: recipient))
        var told = PublisherAnswer(.ready, held: .predecessor, holds: Digest(of: FakePlugins.secret))
        told.sealed = [box]
        let line = String(decoding: told.line(id: "1").dropLast(), as: UTF8.self)
        try plugins.add("odd", "cat >/dev/null; echo '\(line)'")
        let address = try FakePlugins.address("odd", environment: ["TARGET_TOKEN": "ACME_TOKEN"])
        let answer = try await onOwnThread {
            var answer: PublisherAnswer?
            plugins.host(["ACME_TOKEN": "Zq7-not-a-known-shape-4hT9"])
                .send(.check, [(address, FakePlugins.request())]) { answer = $1 }
            return answer
        }
        #expect(answer == told)
    }

    @Test("a rollback brings the key and the receipt, and is asked for again like any write")
    func rollbacks() async throws {
        let plugins = try FakePlugins()
        try plugins.add(
            "back", #"echo "$1" >>runs; cat >>seen; [ -e once ] || { : >once; kill -9 $$; }"# + "\n" + Self.committed)
        let address = try FakePlugins.address("back")
        let answer = try await onOwnThread {
            var request = FakePlugins.request()
            request.receipt = ["version": 7]
            var answer: PublisherAnswer?
            plugins.host().send(.rollback, [(address, request)]) { answer = $1 }
            return answer
        }
        #expect(answer?.outcome == .committed)
        #expect(try plugins.folder.read("runs") == "rollback\nrollback\n")
        let seen = try plugins.folder.read("seen")
        #expect(seen.contains(#""receipt":{"version":7},"secret":{"value":"\#(FakePlugins.key)""#))
    }

    @Test("an answer with the key is none, whatever was asked", arguments: Verb.allCases)
    func everyVerbDropsTheKey(verb: Verb) async throws {
        let plugins = try FakePlugins()
        let outcome = ["check": "ready", "verify": "match"][verb.rawValue] ?? "committed"
        let key = String(try #require(FakePlugins.secret.revealed()).reversed())
        try plugins.add("odd", #"cat >/dev/null; echo '{"id":"1","outcome":"\#(outcome)","message":"\#(key)"}'"#)
        let address = try FakePlugins.address("odd")
        let answer = try await onOwnThread {
            var answer: PublisherAnswer?
            plugins.host().send(verb, [(address, FakePlugins.request())]) { answer = $1 }
            return answer
        }
        #expect(answer?.outcome.word == "unknown")
        #expect(answer?.outcome.error?.message.contains("carried the secret") == true)
    }

    @Test("a batch goes to one process, and answers come in any order")
    func batches() async throws {
        let plugins = try FakePlugins()
        try plugins.add(
            "batch", information: FakePlugins.information(batch: true),
            #"""
            echo run >>runs
            read -r a; read -r b; read -r c
            echo '{"id":"3","outcome":"unchanged"}'
            echo '{"id":"1","outcome":"committed"}'
            echo '{"id":"2","outcome":"rejected","error":{"code":"denied","message":"no"}}'
            """#)
        let address = try FakePlugins.address("batch")
        let answers = try await plugins.publish([address, address, address])
        #expect(answers.map { $0?.outcome.word } == ["committed", "rejected", "unchanged"])
        #expect(try plugins.folder.read("runs") == "run\n")
    }

    @Test("of a batch, one process gets what agrees in the settings that the publisher names")
    func together() async throws {
        let plugins = try FakePlugins()
        try plugins.add(
            "apart", information: FakePlugins.information(batch: true, together: #"["remote"]"#),
            #"""
            cat >requests.$$
            sed 's/.*"id":"\([0-9]*\)".*/\1/' requests.$$ >>ids.$$
            sed 's/.*/{"id":"&","outcome":"committed"}/' ids.$$
            paste -sd ' ' ids.$$ >>runs
            """#)
        let address = try FakePlugins.address("apart")
        let answers = try await plugins.publish(
            Array(repeating: address, count: 5),
            with: [["remote": "a"], ["remote": "b"], ["remote": "a", "path": "x"], [:], ["remote": ["a"]]])
        #expect(answers.allSatisfy { $0?.outcome == .committed })
        #expect(try plugins.folder.read("runs").split(separator: "\n").sorted() == ["1 3", "2", "4", "5"])
    }

    @Test("what a batch leaves open is asked again, and only that")
    func brokenBatches() async throws {
        let plugins = try FakePlugins()
        try plugins.add(
            "batch", information: FakePlugins.information(batch: true),
            #"""
            echo run >>runs
            read -r a
            case $a in *'"id":"1"'*) echo '{"id":"1","outcome":"committed"}'; exit 1;; esac
            echo '{"id":"2","outcome":"unchanged"}'
            """#)
        let address = try FakePlugins.address("batch")
        let answers = try await plugins.publish([address, address])
        #expect(answers.map { $0?.outcome.word } == ["committed", "unchanged"])
        #expect(try plugins.folder.read("runs") == "run\nrun\n")
    }

    @Test("many requests are answered, no more than the bound at once")
    func manyAtOnce() async throws {
        let plugins = try FakePlugins()
        try plugins.add(
            "many",
            #"""
            mkdir running 2>/dev/null; mktemp -p running >mine.$$; ls running | wc -l >>counts; sleep 0.1
            rm "$(cat mine.$$)"; id=$(jq -r .id); echo '{"id":"'$id'","outcome":"committed"}'
            """#)
        var limits = Limits()
        limits.processes = 3
        let addresses = try (0..<10).map { _ in try FakePlugins.address("many") }
        let answers = try await plugins.publish(addresses, limits: limits)
        #expect(answers.allSatisfy { $0?.outcome == .committed })
        #expect(
            try plugins.folder.read("counts").split(separator: "\n").allSatisfy {
                (Int($0.filter(\.isNumber)) ?? 9) <= 3
            })
    }

    @Test("a child's environment is what the target names, and nothing of ork")
    func environments() async throws {
        let plugins = try FakePlugins()
        try plugins.add("env", "env >seen\n" + Self.committed)
        let ours = [
            "PATH": "/usr/bin:/bin", "LANG": "C", "TOKEN": "t", "OTHER": "o", "ORK_IDENTITY": "i",
            "OPENROUTER_MANAGEMENT_KEY": "m",
        ]
        let address = try FakePlugins.address("env", environment: ["GITHUB_TOKEN": "TOKEN"])
        #expect(try await plugins.publish([address], environment: ours)[0]?.outcome == .committed)
        let names = Set(try plugins.folder.read("seen").split(separator: "\n").map { $0.prefix { $0 != "=" } })
        // What the shell adds by itself is not ours.
        #expect(names.subtracting(["PWD", "OLDPWD", "SHLVL", "_"]) == ["PATH", "LANG", "GITHUB_TOKEN"])
    }

    @Test(
        "an environment that cannot be given refuses before anything is written",
        arguments: [
            (["A": "ORK_IDENTITY"], "ork's own"), (["OPENROUTER_API_KEY": "TOKEN"], "ork's own"),
            (["ork_x": "TOKEN"], "ork's own"), (["A": "UNSET"], "not set"),
            ([:], "needs the environment variable NEEDED"),
        ])
    func environmentsThatRefuse(mapping: [String: String], message: String) async throws {
        let plugins = try FakePlugins()
        try plugins.add(
            "env", information: FakePlugins.information(environment: #"["NEEDED"]"#), "touch ran\n" + Self.committed)
        let address = try FakePlugins.address("env", environment: mapping)
        let answer = try await plugins.publish([address], environment: ["TOKEN": "t", "ORK_IDENTITY": "i"])[0]
        guard case .rejected(let error) = answer?.outcome else {
            Issue.record("it was not rejected")
            return
        }
        #expect(error.code == (message == "not set" ? .denied : .configuration))
        #expect(error.message.contains(message))
        #expect(throws: (any Error).self) { try plugins.folder.read("ran") }
    }

    @Test("a required variable may be one that info inherits; one that is not set refuses")
    func inheritedVariables() async throws {
        let plugins = try FakePlugins()
        let information = FakePlugins.information(
            environment: #"["VAULT_ADDR"]"#, inherited: #"["VAULT_ADDR"]"#)
        try plugins.add("vault", information: information, "printf %s \"$VAULT_ADDR\" >seen\n" + Self.committed)
        let address = try FakePlugins.address("vault")
        let answer = try await plugins.publish([address], environment: ["VAULT_ADDR": "https://vault"])[0]
        #expect(answer?.outcome == .committed)
        #expect(try plugins.folder.read("seen") == "https://vault")
        let refused = try await plugins.publish([address])[0]
        #expect(refused?.outcome.error?.field == "env.VAULT_ADDR")
    }

    @Test("what a publisher leaves behind in a session of its own is dead when it has answered")
    func sessionOfItsOwn() async throws {
        let plugins = try FakePlugins()
        try plugins.add(
            "leaver",
            """
            setsid sh -c 'echo $$ >left; exec sleep 600' >/dev/null 2>&1 &
            until [ -s left ]; do sleep 0.01; done
            \(Self.committed)
            """)
        let answers = try await plugins.publish([try FakePlugins.address("leaver")])
        #expect(answers.map { $0?.outcome.word } == ["committed"])
        #expect(!Self.runs(try plugins.folder.read("left").split(separator: "\n").joined()))
    }

    @Test("a plugin is looked for beside the step, then in ORK_PLUGIN_PATH, then in PATH")
    func searchPaths() throws {
        let environment = ["PATH": "/usr/bin:bin::/bin", "ORK_PLUGIN_PATH": "/opt/ork:../x"]
        #expect(
            PluginHost.searchPath(executable: "/usr/lib/ork/ork-publish", environment: environment)
                == ["/usr/lib/ork", "/opt/ork", "../x", "/usr/bin", "bin", "/bin"])
        let error = #expect(throws: PublisherError.self) {
            try FakePlugins().host().information(try FakePlugins.address("nowhere"))
        }
        #expect(error?.field == "publisher")
        #expect(error?.hint?.contains("relative") == false)
    }

    @Test("a relative folder is not searched, and the error says so")
    func relativeFolders() throws {
        let plugins = try FakePlugins()
        try plugins.add("here", "touch ran\n" + Self.committed)
        let relative = "../../../../../../../../../.." + plugins.folder.path
        let error = #expect(throws: PublisherError.self) {
            try PluginHost(searchPath: [relative], environment: [:]) { _, _ in }
                .information(try FakePlugins.address("here"))
        }
        #expect(error?.hint?.hasSuffix("; relative folders are not searched: \(relative)") == true)
    }

    /// Whether `condition` comes true within some seconds: a signal that was sent takes a moment to be felt.
    private func eventually(_ condition: () -> Bool) async -> Bool {
        for _ in 0..<500 {
            if condition() { return true }
            try? await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    static func runs(_ number: String) -> Bool {
        guard let status = try? String(contentsOf: URL(filePath: "/proc/\(number)/stat"), encoding: .utf8) else {
            return false
        }
        return !status.contains(") Z ")
    }
}
