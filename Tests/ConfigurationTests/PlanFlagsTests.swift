import Configuration
import JSON
import PublisherHosting
import PublisherKit
import Rotation
import Secrets
import TestSupport
import Testing
import Timestamps

@Suite("Flags", .tags(.values))
struct PlanFlagsTests {
    /// What is said about flags, `nil` if they are taken.
    private func complaint(_ body: () throws(ConfigurationError) -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return error.description
        }
    }

    @Test("a predecessor is found by name, hash or variable, or there is none")
    func readsPredecessors() throws {
        #expect(try PlanFlags.predecessor("name=checkout-prod") == .name("checkout-prod"))
        #expect(try PlanFlags.predecessor("checkout-prod") == .name("checkout-prod"))
        #expect(try PlanFlags.predecessor("name=none") == .name("none"))
        #expect(try PlanFlags.predecessor("name=a=b, c") == .name("a=b, c"))
        let hash = try #require(KeyHash("abc123"))
        #expect(try PlanFlags.predecessor("hash=abc123") == .hash(hash))
        let variable = try #require(EnvironmentName("OPENROUTER_API_KEY"))
        #expect(try PlanFlags.predecessor("env=OPENROUTER_API_KEY") == .environment(variable))
        #expect(try PlanFlags.predecessor("none") == .none)
    }

    @Test(
        "any other predecessor is refused",
        arguments: [
            ("", "must be NAME, name=NAME, hash=HASH, env=VARIABLE or none"),
            ("None", "must be NAME, name=NAME, hash=HASH, env=VARIABLE or none"),
            (
                "label=x",
                "must be NAME, name=NAME, hash=HASH, env=VARIABLE or none; if the name itself has a =: name=label=x, with --rotation NAME"
            ),
            ("nmae=x", "must be NAME, name=NAME, hash=HASH, env=VARIABLE or none; did you mean name?"),
            (
                String(repeating: "0a", count: 32),
                "looks like a key's hash and not like its name: say hash=" + String(repeating: "0a", count: 32)
            ),
            ("name=", "name= must be a text on one line, not empty"),
            ("name=a\nb", "name= must be a text on one line, not empty"),
            ("hash=a/b", "hash= must be the hash of a key"),
            ("env=1A", "env= must be the name of an environment variable"),
        ])
    func refusesPredecessors(text: String, message: String) {
        #expect(
            complaint { () throws(ConfigurationError) in _ = try PlanFlags.predecessor(text) }
                == "--predecessor: \(message)")
    }

    struct Read: Sendable, CustomTestStringConvertible {
        let text: String
        var name = "file"
        var publisher = "file"
        var wave = 1
        let with: JSONObject
        var testDescription: String { text }
    }

    @Test(
        "a target is written in one flag",
        arguments: [
            Read(text: "file:path=.env,name=KEY", with: ["path": ".env", "name": "KEY"]),
            Read(text: "file", with: [:]),
            Read(text: "web=file:path=a", name: "web", with: ["path": "a"]),
            Read(text: "web/1=git-hub@2:path=a", name: "web/1", publisher: "git-hub", wave: 2, with: ["path": "a"]),
            Read(text: "file@100", wave: 100, with: [:]),
            Read(text: "file:a=,b=x=y,c=d:e", with: ["a": "", "b": "x=y", "c": "d:e"]),
            Read(text: #"file:a=x\,y\=z\\,b=1"#, with: ["a": #"x,y=z\"#, "b": "1"]),
            Read(text: "file:a=12,b=true,c=null,d=[1]", with: ["a": "12", "b": "true", "c": "null", "d": "[1]"]),
            Read(text: "file:a:=12,b:=true,c:=null", with: ["a": 12, "b": true, "c": nil]),
            Read(
                text: #"file:publish:=["/bin/x","a,\"]b"],o:={"k":[1,{"l":2}]},n=z"#,
                with: ["publish": ["/bin/x", "a,\"]b"], "o": ["k": [1, ["l": 2]]], "n": "z"]),
            Read(text: "file:path=/srv/größe", with: ["path": "/srv/größe"]),
        ])
    func readsTargets(_ expected: Read) throws {
        let target = try PlanFlags.target(expected.text, among: [])
        #expect(target.name.description == expected.name)
        #expect(target.publisher.description == expected.publisher)
        #expect(target.wave == expected.wave)
        #expect(target.with == expected.with)
        #expect(target.environment.isEmpty)
    }

    @Test(
        "a target that is not written so is refused",
        arguments: [
            ("", "a publisher's name has lower-case letters, digits and - only"),
            (":a=b", "a publisher's name has lower-case letters, digits and - only"),
            ("File:a=b", "a publisher's name has lower-case letters, digits and - only; did you mean file?"),
            ("x=../file:a=b", "a publisher's name has lower-case letters, digits and - only"),
            ("=file:a=b", "TARGET must be a name of letters, digits and . _ - /"),
            ("a b=file:a=b", "TARGET must be a name of letters, digits and . _ - /"),
            ("file@0", "wave: must be a whole number from 1 to 100"),
            ("file@two", "wave: must be a whole number from 1 to 100"),
            ("file@", "wave: must be a whole number from 1 to 100"),
            ("file:", "setting 1 of the target \(form)"),
            ("file:path", "the setting 'path' has no value; write path=VALUE"),
            ("file:a=b,", "setting 2 of the target \(form)"),
            ("file:a=b,,c=d", "setting 2 of the target \(form)"),
            (
                "file:a=b,c",
                #"the setting 'c' has no value; write c=VALUE; if the comma belongs to the value before it: 'KEY=A\,B', in quotes"#
            ),
            ("file:a b=c", "setting 1 of the target \(form)"),
            ("file:a=b,a=c", "setting 2 of the target has a key that stands before it already"),
            (#"file:a=b\n"#, #"setting 1 of the target \#(backslash)"#),
            (#"file:a=b\"#, #"setting 1 of the target \#(backslash)"#),
            ("file:a:=yes", "setting 1 of the target: not valid JSON, behind :="),
            ("file:a:=", "setting 1 of the target: not valid JSON, behind :="),
            ("file:a:=[1,2", "setting 1 of the target: not valid JSON, behind :="),
            (
                "file:a:=1.5", "setting 1 of the target: a number that is not a whole number below 2^53, behind :="
            ),
            (
                #"file:a:={"b":1,"b":2}"#, "setting 1 of the target: an object has the same key twice, behind :="
            ),
        ])
    func refusesTargets(text: String, message: String) {
        #expect(
            complaint { () throws(ConfigurationError) in _ = try PlanFlags.target(text, among: []) }
                == "--to: \(message)")
    }

    static let form = #"must be KEY=VALUE or KEY:=JSON; a comma inside VALUE is written \,"#
    static let backslash = #"has a backslash that stands before none of , = \ ; write \\ for one"#

    @Test("a target without a name is named like its publisher, and counted")
    func namesTargets() throws {
        var flags = PlanFlags()
        flags["predecessor"] = ["none"]
        flags["to"] = ["file:path=a", "file:path=b", "file-2=file:path=c", "file:path=d"]
        #expect(
            complaint { () throws(ConfigurationError) in _ = try flags.plan() }
                == "--to: there is a target file-2 already; choose another TARGET=")
        flags["to"] = ["file-2=file:path=c", "file:path=a", "file:path=b", "file:path=d"]
        #expect(try flags.plan().targets.map(\.name.description) == ["file", "file-2", "file-3", "file-4"])
        flags["to"] = ["file:path=a", "file:path=a"]
        #expect(
            complaint { () throws(ConfigurationError) in _ = try flags.plan() }
                == "--to: targets.file-2: is the same place as target file; remove one of them")
    }

    @Test("variables are given to a target's publisher by name")
    func givesVariables() throws {
        var flags = PlanFlags()
        flags["predecessor"] = ["none"]
        flags["to"] = ["web=git:a=b"]
        flags["target-env"] = ["web:TOKEN=ACME_TOKEN", "web:USER"]
        let token = try #require(EnvironmentName("TOKEN"))
        let source = try #require(EnvironmentName("ACME_TOKEN"))
        let user = try #require(EnvironmentName("USER"))
        #expect(try flags.plan().targets[0].environment == [token: source, user: user])
    }

    @Test(
        "variables that are not written so are refused",
        arguments: [
            ("TOKEN", "must be TARGET:VARIABLE or TARGET:CHILD=OURS"),
            ("web:A=B=C", "must be TARGET:VARIABLE or TARGET:CHILD=OURS"),
            ("app:TOKEN", "there is no target app; the only target is web"),
            (
                "web:", "env: must be a list of environment variables or a mapping of the child's names to ours"
            ),
            (
                "web:A=B-C", "env: must be a list of environment variables or a mapping of the child's names to ours"
            ),
            (
                "web:openrouter_url",
                "env: openrouter_url is ork's own, which no publisher and no probe gets; take it out"
            ),
            (
                "web:A=OPENROUTER_BASE_URL",
                "env: OPENROUTER_BASE_URL is ork's own, which no publisher and no probe gets; take it out"
            ),
            ("web:ORK_IDENTITY", "env: ORK_IDENTITY is ork's own, which no publisher and no probe gets; take it out"),
            ("web:A=ORK_IDENTITY", "env: ORK_IDENTITY is ork's own, which no publisher and no probe gets; take it out"),
        ])
    func refusesVariables(text: String, message: String) {
        var flags = PlanFlags()
        flags["predecessor"] = ["none"]
        flags["to"] = ["web=git:a=b"]
        flags["target-env"] = [text]
        #expect(
            complaint { () throws(ConfigurationError) in _ = try flags.plan() } == "--target-env: \(message)")
    }

    @Test("a probe is an address or a program")
    func readsProbes() throws {
        #expect(
            try PlanFlags.probe("https://shop.example/health?deep=1")
                == .http(url: "https://shop.example/health?deep=1", expect: [200]))
        #expect(try PlanFlags.probe("http://localhost:8080/") == .http(url: "http://localhost:8080/", expect: [200]))
        #expect(
            try PlanFlags.probe("exec:./check health")
                == .command(arguments: ["./check health"], environment: [:], timeout: Interval(seconds: 60)))
    }

    @Test("plain http to another machine is said in so many words, in a flag and in a file")
    func plainProbe() throws {
        let probe = try PlanFlags.probe("plain:http://web.shop.svc/health")
        let plan = try Plan(
            [
                "predecessor": "none",
                "verify": ["probes": [["http": ["url": "http://web.shop.svc/health", "plain_http": true]]]],
            ], unknownKeys: .refused)
        #expect(plan.verify.probes == [probe])
        #expect(try Plan(plan.json, unknownKeys: .ignored) == plan)
    }

    @Test(
        "any other probe is refused",
        arguments: [
            ("", "must be an address such as https://shop.example/health, or exec:PROGRAM"),
            ("shop.example", "must be an address such as https://shop.example/health, or exec:PROGRAM"),
            ("/bin/check", "must be an address such as https://shop.example/health, or exec:PROGRAM"),
            (
                "http://shop.example/",
                "plain http is accepted only for localhost; use https, or plain:http://… on a network that you trust"
            ),
            (
                "https://u:p@shop.example/",
                "an address may not hold a user name or a password; have a program of yours log in: exec:PROGRAM"
            ),
            ("exec:", "exec: must be followed by a program"),
        ])
    func refusesProbes(text: String, message: String) {
        #expect(complaint { () throws(ConfigurationError) in _ = try PlanFlags.probe(text) } == "--probe: \(message)")
    }

    @Test("flags alone make a plan")
    func makesAPlan() throws {
        var flags = PlanFlags()
        flags["predecessor"] = ["name=checkout-prod"]
        flags["name"] = ["checkout"]
        flags["workspace"] = ["shop"]
        flags["limit"] = ["12.50"]
        flags["limit-reset"] = ["monthly"]
        flags["expires-in"] = ["90d"]
        flags["to"] = ["file:path=.env,name=OPENROUTER_API_KEY"]
        flags["probe"] = ["https://shop.example/health"]
        flags["settle"] = ["10s"]
        flags["valid-for"] = ["6h"]
        flags["overlap"] = ["0s"]
        flags["quiet-for"] = ["15m"]
        flags["soak"] = ["1h30m"]
        let expected: JSONValue = [
            "predecessor": ["name": "checkout-prod"], "workspace": "shop",
            "successor": ["name": "checkout", "limit": "12.50", "limit_reset": "monthly", "expires_in": "90d"],
            "targets": ["file": ["publisher": "file", "with": ["path": ".env", "name": "OPENROUTER_API_KEY"]]],
            "publish": ["settle": "10s"],
            "verify": ["valid_for": "6h", "probes": [["http": ["url": "https://shop.example/health"]]]],
            "retire": ["overlap": "0s", "quiet_for": "15m", "soak": "90m"],
        ]
        #expect(try flags.plan() == Plan(expected, unknownKeys: .refused))
    }

    @Test("over a plan, single values replace; targets and probes are added")
    func changesAPlan() throws {
        let json: JSONValue = [
            "predecessor": ["name": "app"], "successor": ["limit": "5", "expires_in": "30d"],
            "targets": ["web": ["publisher": "file", "with": ["path": "a"]]],
            "verify": ["probes": [["http": ["url": "https://a.example/"]]]], "retire": ["soak": "1h", "overlap": "2h"],
        ]
        let base = try Plan(json, unknownKeys: .refused)
        #expect(try PlanFlags().plan(over: base) == base)
        var flags = PlanFlags()
        flags["limit"] = ["null"]
        flags["expires-in"] = ["inherit"]
        flags["soak"] = ["0s"]
        flags["to"] = ["file:path=b"]
        flags["probe"] = ["exec:check"]
        let plan = try flags.plan(over: base)
        #expect(plan.predecessor == .name("app"))
        #expect(plan.successor.limit == .set(nil))
        #expect(plan.successor.expiresIn == .inherit)
        #expect(plan.retire.soak == .zero)
        #expect(plan.retire.overlap == Interval(seconds: 7200))
        #expect(plan.targets.map(\.name.description) == ["file", "web"])
        #expect(plan.verify.probes.count == 2)
    }

    /// A flag that is given a value.
    struct Setting: Sendable, CustomTestStringConvertible {
        let message: String
        let set: @Sendable (inout PlanFlags) -> Void
        var testDescription: String { message }

        init(_ message: String, _ set: @escaping @Sendable (inout PlanFlags) -> Void) {
            self.message = message
            self.set = set
        }
    }

    static let length = "must be a length of time such as 30s, 15m, 24h or 7d"

    @Test(
        "a wrong value is told by its flag",
        arguments: [
            Setting("--name: must be a text on one line, not empty") { $0["name"] = [""] },
            Setting("--workspace: must be a text on one line, not empty") { $0["workspace"] = ["a\tb"] },
            Setting(
                "--limit: must be inherit, remaining, an amount in US dollars such as 25 or 12.50, or null for no limit"
            ) {
                $0["limit"] = ["5 USD"]
            },
            Setting("--limit-reset: must be inherit, daily, weekly, monthly, or null") {
                $0["limit-reset"] = ["yearly"]
            },
            Setting("--expires-in: must be inherit, a positive length of time such as 90d, or null for none") {
                $0["expires-in"] = ["0s"]
            },
            Setting("--settle: \(length)") { $0["settle"] = ["30"] },
            Setting("--valid-for: \(length)") { $0["valid-for"] = ["null"] },
            Setting("--overlap: \(length)") { $0["overlap"] = [""] },
            Setting("--quiet-for: \(length)") { $0["quiet-for"] = ["-1h"] },
            Setting("--soak: \(length)") { $0["soak"] = ["1h 30m"] },
            Setting("--predecessor: is missing; it must be NAME, name=NAME, hash=HASH, env=VARIABLE or none") {
                $0["predecessor"] = []
            },
        ])
    func tellsTheFlag(_ setting: Setting) {
        var flags = PlanFlags()
        flags["predecessor"] = ["none"]
        setting.set(&flags)
        #expect(complaint { () throws(ConfigurationError) in _ = try flags.plan() } == setting.message)
    }

    @Test(
        "a secret in a flag is refused without quoting it",
        arguments: ["to", "target-env", "probe", "name", "predecessor"])
    func refusesSecrets(flag: String) {
        let key = BrokenFileTests.key
        var flags = PlanFlags()
        flags["predecessor"] = [flag == "predecessor" ? "name=\(key)" : "none"]
        if flag == "to" { flags["to"] = ["file:value=\(key)"] }
        if flag == "target-env" { flags["target-env"] = ["file:\(key)"] }
        if flag == "probe" { flags["probe"] = ["https://a.example/?key=\(key)"] }
        if flag == "name" { flags["name"] = [key] }
        let way = flag == "predecessor" ? "write env=VARIABLE" : "name an environment variable"
        #expect(
            complaint { () throws(ConfigurationError) in _ = try flags.plan() }
                == "--\(flag): this looks like an OpenRouter key; take it out, because others may have read it, "
                + "and \(way) instead; if it is in use, replace it before you revoke it")
    }
}
