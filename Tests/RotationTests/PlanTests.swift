import JSON
import PublisherHosting
import PublisherKit
import Rotation
import Secrets
import TestSupport
import Testing
import Timestamps

@Suite(.tags(.values)) struct PlanTests {
    private static let smallest: JSONValue = ["predecessor": "none"]

    private static func plan(_ text: String, _ unknownKeys: UnknownKeys = .refused) throws -> Plan {
        let members = text.isEmpty ? "" : "," + text
        return try Plan(JSONValue(parsing: #"{"predecessor":"none"\#(members)}"#.utf8), unknownKeys: unknownKeys)
    }

    @Test("every field survives its JSON")
    func roundTrip() throws {
        var plan = Plan(predecessor: .hash(try #require(KeyHash("abc"))))
        plan.service.url = "https://openrouter.example/api/v1"
        plan.service.managementKey = EnvironmentName("MY_KEY")
        plan.workspace = "ünd"
        plan.successor.name = "base"
        plan.successor.limit = .set(Money("12.50"))
        plan.successor.limitReset = .set(.weekly)
        plan.successor.includeBYOKInLimit = .set(true)
        plan.successor.expiresIn = .set(Interval(seconds: 90 * 86400))
        plan.publish.settle = Interval(seconds: 1)
        plan.publish.publishBy = Interval(seconds: 2)
        plan.publish.inference = "some/model"
        let (token, source) = (try #require(EnvironmentName("TOKEN")), try #require(EnvironmentName("ACME_TOKEN")))
        plan.targets = [
            Plan.Target(
                name: try Sample.name("a/b"), publisher: try #require(PublisherName("github-secret")), wave: 7,
                environment: [token: source, source: source], with: ["repository": "a/b", "deep": [[1], ["x": nil]]],
                pin: Digest(hex: Sample.successor)),
            try Sample.target("web"),
        ]
        plan.verify.validFor = Interval(seconds: 3)
        plan.verify.requiresAdoption = true
        plan.verify.probes = [
            .http(url: "https://shop.example/health", expect: [200, 204]),
            .command(arguments: ["./probe", "-v", ""], environment: [token: source], timeout: Interval(seconds: 4)),
        ]
        plan.retire.overlap = Interval(seconds: 5)
        plan.retire.quietFor = Interval(seconds: 6)
        plan.retire.soak = Interval(seconds: 7)
        plan.retire.acceptsCostOnly = true
        plan.retire.acceptsIdle = true
        plan.retire.acceptsNewTargets = true
        plan.retire.checklist = .confirm
        plan.successor.references.guardrail = .refuse
        plan.successor.references.byok = .ignore
        for unknownKeys in [UnknownKeys.refused, .ignored] {
            #expect(try Plan(plan.json, unknownKeys: unknownKeys) == plan)
            let read = try JSONValue(parsing: plan.json.bytes(.canonical), numbers: .integers)
            #expect(try Plan(read, unknownKeys: unknownKeys) == plan)
        }
    }

    @Test(
        "each way to name a predecessor survives its JSON, and so does what is set to nothing",
        arguments: [
            Plan.Predecessor.name("checkout-prod"), .none, EnvironmentName("KEY").map { .environment($0) } ?? .none,
        ])
    func predecessors(predecessor: Plan.Predecessor) throws {
        var plan = Plan(predecessor: predecessor)
        #expect(try Plan(plan.json, unknownKeys: .refused) == plan)
        plan.successor.limit = .set(nil)
        plan.successor.limitReset = .set(nil)
        plan.successor.expiresIn = .set(nil)
        plan.successor.includeBYOKInLimit = .set(false)
        #expect(try Plan(plan.json, unknownKeys: .refused) == plan)
    }

    @Test("everything but the predecessor may be left out, and the defaults are the cautious ones")
    func defaults() throws {
        let plan = try Plan(Self.smallest, unknownKeys: .refused)
        #expect(plan == Plan(predecessor: .none))
        #expect(plan.retire.overlap == Interval("24h"))
        #expect(plan.retire.quietFor == Interval("24h"))
        #expect(plan.retire.soak == Interval("24h"))
        #expect(plan.verify.validFor == Interval("24h"))
        #expect(plan.publish.settle == Interval("30s"))
        #expect(plan.publish.publishBy == Interval("30d"))
        #expect(!plan.retire.acceptsCostOnly && !plan.retire.acceptsIdle && !plan.retire.acceptsNewTargets)
        #expect(plan.successor == Plan.Successor())
    }

    @Test(
        "an unknown key is a typing mistake to people, and passed over in a handoff",
        arguments: [
            (#""x":1"#, "x"), (#""openrouter":{"x":1}"#, "openrouter.x"),
            (#""openrouter":{"management_key":{"env":"A","x":1}}"#, "openrouter.management_key.x"),
            (#""successor":{"x":1}"#, "successor.x"), (#""publish":{"x":1}"#, "publish.x"),
            (#""targets":{"web":{"publisher":"file","x":1}}"#, "targets.web.x"), (#""verify":{"x":1}"#, "verify.x"),
            (#""verify":{"probes":[{"http":{"url":"https://a","x":1}}]}"#, "verify.probes.0.http.x"),
            (#""verify":{"probes":[{"command":{"run":["a"],"x":1}}]}"#, "verify.probes.0.command.x"),
            (#""retire":{"x":1}"#, "retire.x"),
        ])
    func unknownKeys(text: String, path: String) throws {
        let error = #expect(throws: PlanError.self) { try Self.plan(text) }
        #expect(error?.path.joined(separator: ".") == path)
        #expect(throws: Never.self) { try Self.plan(text, .ignored) }
    }

    @Test(
        "what does not fit is refused at its place, and not quoted",
        arguments: [
            (#""workspace":"""#, "workspace"), (#""workspace":"a\nb""#, "workspace"),
            (#""openrouter":{"management_key":"sk-or-v1-xyzzy"}"#, "openrouter.management_key"),
            (#""successor":{"limit":"-1"}"#, "successor.limit"), (#""successor":{"limit":1e3}"#, "successor.limit"),
            (#""successor":{"limit_reset":"hourly"}"#, "successor.limit_reset"),
            (#""successor":{"expires_in":"0s"}"#, "successor.expires_in"),
            (#""successor":{"expires_in":90}"#, "successor.expires_in"),
            (#""successor":{"include_byok_in_limit":null}"#, "successor.include_byok_in_limit"),
            (#""publish":{"settle":30}"#, "publish.settle"), (#""publish":[]"#, "publish"),
            (#""targets":[]"#, "targets"), (#""targets":{"a b":{"publisher":"file"}}"#, "targets.a b"),
            (#""targets":{"web":{}}"#, "targets.web.publisher"),
            (#""targets":{"web":{"publisher":"../file"}}"#, "targets.web.publisher"),
            (#""targets":{"web":{"publisher":"file","wave":0}}"#, "targets.web.wave"),
            (#""targets":{"web":{"publisher":"file","wave":101}}"#, "targets.web.wave"),
            (#""targets":{"web":{"publisher":"file","wave":1.5}}"#, "targets.web.wave"),
            (#""targets":{"web":{"publisher":"file","env":["1X"]}}"#, "targets.web.env"),
            (#""targets":{"web":{"publisher":"file","sha256":"AA"}}"#, "targets.web.sha256"),
            (#""targets":{"web":{"publisher":"file","with":[]}}"#, "targets.web.with"),
            // The handoff's own reader would refuse them later.
            (#""targets":{"web":{"publisher":"file","with":{"x":0.5}}}"#, "targets.web.with"),
            (#""targets":{"web":{"publisher":"file","with":{"x":9007199254740993}}}"#, "targets.web.with"),
            (
                #""targets":{"web":{"publisher":"file","with":{"x":"# + String(repeating: "[", count: 40)
                    + String(repeating: "]", count: 40) + "}}}", "targets.web.with"
            ),
            (#""verify":{"probes":[{}]}"#, "verify.probes.0"),
            (#""verify":{"probes":[{"http":{"url":"https://a"},"command":{"run":["a"]}}]}"#, "verify.probes.0"),
            (#""verify":{"probes":[{"http":{}}]}"#, "verify.probes.0.http.url"),
            (#""verify":{"probes":[{"http":{"url":"https://a","expect":99}}]}"#, "verify.probes.0.http.expect"),
            (#""verify":{"probes":[{"http":{"url":"https://a","expect":[]}}]}"#, "verify.probes.0.http.expect"),
            (#""verify":{"probes":[{"command":{"run":[]}}]}"#, "verify.probes.0.command.run"),
            (#""verify":{"probes":[{"command":{"run":["a",1]}}]}"#, "verify.probes.0.command.run"),
            (#""retire":{"overlap":"-1s"}"#, "retire.overlap"),
            (#""retire":{"accept_idle":"yes"}"#, "retire.accept_idle"),
        ])
    func misfits(text: String, path: String) throws {
        for unknownKeys in [UnknownKeys.refused, .ignored] {
            let error = #expect(throws: PlanError.self) { try Self.plan(text, unknownKeys) }
            #expect(error?.path.joined(separator: ".") == path)
            #expect(error?.message.contains("xyzzy") == false)
        }
    }

    @Test(
        "what publishing and probing refuse to hand on is refused where people write it",
        arguments: [
            (#""targets":{"web":{"publisher":"file","env":["ORK_IDENTITY"]}}"#, "targets.web.env"),
            (#""targets":{"web":{"publisher":"file","env":{"A":"OPENROUTER_MANAGEMENT_KEY"}}}"#, "targets.web.env"),
            (#""targets":{"web":{"publisher":"file","env":{"A":"openrouter_x"}}}"#, "targets.web.env"),
            (
                #""targets":{"web":{"publisher":"file","env":{"OPENROUTER_BASE_URL":"URL"}}}"#,
                "targets.web.env.OPENROUTER_BASE_URL"
            ),
            (#""verify":{"probes":[{"command":{"run":["a"],"env":["ORK_X"]}}]}"#, "verify.probes.0.command.env"),
            (#""verify":{"probes":[{"command":{"run":["a"],"env":{"A":"ORK_X"}}}]}"#, "verify.probes.0.command.env"),
        ])
    func reservedVariables(text: String, path: String) throws {
        let error = #expect(throws: PlanError.self) { try Self.plan(text) }
        #expect(error?.path.joined(separator: ".") == path)
        // A handoff of an earlier version may hold one, and stays readable: no child is started with it.
        #expect(throws: Never.self) { try Self.plan(text, .ignored) }
    }

    @Test(
        "no publisher gets the management key, whatever its variable is called",
        arguments: [UnknownKeys.refused, .ignored])
    func managementKey(unknownKeys: UnknownKeys) throws {
        let text =
            #""openrouter":{"management_key":{"env":"MINE"}},"targets":{"a":{"publisher":"file","env":{"A":"MINE"}}}"#
        let error = #expect(throws: PlanError.self) { try Self.plan(text, unknownKeys) }
        #expect(error?.path == ["targets", "a", "env"])
    }

    @Test(
        "a predecessor is named in one way",
        arguments: [
            "{}", #"{"predecessor":null}"#, #"{"predecessor":"checkout-prod"}"#, #"{"predecessor":{}}"#,
            #"{"predecessor":{"name":"a","hash":"b"}}"#, #"{"predecessor":{"hash":"a/b"}}"#,
            #"{"predecessor":{"env":"A-B"}}"#, #"{"predecessor":{"name":""}}"#, #"{"predecessor":{"nmae":"a"}}"#,
        ])
    func noPredecessor(text: String) throws {
        let value = try JSONValue(parsing: text.utf8)
        let error = #expect(throws: PlanError.self) { try Plan(value, unknownKeys: .refused) }
        #expect(error?.path.first == "predecessor")
    }

    @Test("two targets at one place are refused, in whatever order its settings are; another letter is another place")
    func twins() throws {
        let twin = #""targets":{"a":{"publisher":"file","with":{"path":"x","name":"K"}},"b":{"publisher":"file","#
        let error = #expect(throws: PlanError.self) {
            try Self.plan(twin + #""with":{"name":"K","path":"x"},"wave":2}}"#)
        }
        #expect(error?.path == ["targets", "b"])
        #expect(throws: Never.self) { try Self.plan(twin + #""with":{"name":"K","path":"y"}}}"#) }
        // One file to people and to Swift's `==`, two files on a disk.
        let forms = #""targets":{"a":{"publisher":"file","with":{"path":"\u00e9"}},"b":{"publisher":"file","#
        #expect(throws: Never.self) { try Self.plan(forms + #""with":{"path":"e\u0301"}}}"#) }
    }

    @Test("targets stand in the order of their names")
    func order() throws {
        let plan = try Plan(
            [
                "predecessor": "none",
                "targets": ["b": ["publisher": "file", "with": ["p": 1]], "a": ["publisher": "file", "wave": 2]],
            ], unknownKeys: .refused)
        #expect(plan.targets.map(\.name.description) == ["a", "b"])
        #expect(plan.target(try Sample.name("b"))?.wave == 1)
        #expect(plan.target(try Sample.name("c")) == nil)
    }
}
