import Configuration
import JSON
import PublisherHosting
import PublisherKit
import Rotation
import TestSupport
import Testing
import Timestamps

@Suite("Differences", .tags(.values))
struct PlanDifferenceTests {
    static let file = """
        version: 1
        openrouter: {management_key: {env: KEY}}
        rotations:
          app:
            predecessor: {name: app}
            workspace: shop
            successor: {limit: 25}
            targets:
              api:
                publisher: file
                with: {path: .env, name: A}
              web:
                publisher: file
                wave: 2
                env: [TOKEN]
                with:
                  path: web.env
                  name: B
            verify: {probes: [{http: {url: https://a.example/}}]}
            retire:
              soak: 1h
        """

    struct Case: Sendable, CustomTestStringConvertible {
        let what: String
        /// Turns the plan of the file into that of the handoff.
        let change: @Sendable (inout Plan) -> Void
        let lines: [String]
        var testDescription: String { what }

        init(_ what: String, _ lines: [String], _ change: @escaping @Sendable (inout Plan) -> Void) {
            self.what = what
            self.lines = lines
            self.change = change
        }
    }

    private func configuration() throws -> RotationConfiguration {
        try ConfigurationFile(parsing: Array(Self.file.utf8), name: "ork.yaml").rotation(named: nil)
    }

    @Test(
        "what is published where is compared line by line",
        arguments: [
            Case("nothing", []) { _ in },
            Case(
                "timings, probes and the management key's variable", [],
                { plan in
                    plan.retire.soak = .zero
                    plan.verify.probes = []
                    plan.publish.settle = .zero
                    plan.service.managementKey = nil
                }),
            Case("what relative paths are seen from, which an older handoff does not say", []) { plan in
                plan = plan.withPaths(from: .currentFolder)
            },
            Case("an entry of with", [#"targets.web.with.name: handoff "A", ork.yaml "B" (ork.yaml:18)"#]) { plan in
                plan.targets[1].with["name"] = "A"
            },
            Case("an entry of with only in the handoff", ["targets.web.with.mode: only in the handoff (ork.yaml:16)"]) {
                plan in plan.targets[1].with["mode"] = 5
            },
            Case("an entry of with only in the file", ["targets.web.with.path: only in ork.yaml (ork.yaml:17)"]) {
                plan in
                plan.targets[1].with["path"] = nil
            },
            Case(
                "publisher, wave and variables",
                [
                    #"targets.web.publisher: handoff "git", ork.yaml "file" (ork.yaml:13)"#,
                    "targets.web.wave: handoff 1, ork.yaml 2 (ork.yaml:14)",
                    "targets.web.env: only in ork.yaml (ork.yaml:15)",
                ],
                { plan in
                    PublisherName("git").map { plan.targets[1].publisher = $0 }
                    plan.targets[1].wave = 1
                    plan.targets[1].environment = [:]
                }),
            Case("a target only in the file", ["targets.api: only in ork.yaml (ork.yaml:9)"]) { plan in
                plan.targets.remove(at: 0)
            },
            Case(
                "a target only in the handoff", ["targets.old: only in the handoff (ork.yaml:8)"],
                { plan in
                    guard let name = PlanName("old"), let publisher = PublisherName("file") else { return }
                    plan.targets.append(Plan.Target(name: name, publisher: publisher))
                }),
            Case(
                "predecessor, workspace, successor and address",
                [
                    #"openrouter.url: handoff "https://b.example", ork.yaml "https://openrouter.ai/api/v1" (ork.yaml:2)"#,
                    #"predecessor: handoff "none", ork.yaml {"name":"app"} (ork.yaml:5)"#,
                    "workspace: only in ork.yaml (ork.yaml:6)",
                    #"successor.limit: handoff "5", ork.yaml "25" (ork.yaml:7)"#,
                    #"successor.limit_reset: handoff "daily", ork.yaml "inherit" (ork.yaml:7)"#,
                ],
                { plan in
                    plan.service.url = "https://b.example"
                    plan.predecessor = .none
                    plan.workspace = nil
                    plan.successor.limit = .set(Money("5"))
                    plan.successor.limitReset = .set(.daily)
                }),
            Case(
                "a value with control characters",
                [#"targets.web.with.name: handoff "\u001b[2J\u{202e}", ork.yaml "B" (ork.yaml:18)"#]
            ) { plan in plan.targets[1].with["name"] = "\u{1B}[2J\u{202E}" },
        ])
    func comparesTargets(_ expected: Case) throws {
        let configuration = try configuration()
        var handoff = configuration.plan
        expected.change(&handoff)
        #expect(PlanDifference.between(handoff, configuration).map(\.description) == expected.lines)
    }

    @Test("a long value is cut")
    func cutsValues() throws {
        let configuration = try configuration()
        var handoff = configuration.plan
        handoff.workspace = String(repeating: "x", count: 200)
        let line = try #require(PlanDifference.between(handoff, configuration).first)
        #expect(line.path == ["workspace"])
        #expect(
            line.description
                == "workspace: handoff \"\(String(repeating: "x", count: 79))…, ork.yaml \"shop\" (ork.yaml:6)")
    }

    @Test("timings, probes and the management key's variable come from the file, and it is said what that changes")
    func adoptsTimings() throws {
        let configuration = try configuration()
        var handoff = configuration.plan
        handoff.workspace = "lab"
        handoff.service.managementKey = EnvironmentName("OLD_KEY")
        handoff.publish.settle = .zero
        handoff.verify.probes = []
        handoff.verify.requiresAdoption = true
        handoff.retire.soak = .zero
        let (plan, changes) = handoff.adoptingTimings(from: configuration)
        #expect(plan.workspace == "lab")
        #expect(plan.service.managementKey == EnvironmentName("KEY"))
        #expect(plan.publish == configuration.plan.publish)
        #expect(plan.verify == configuration.plan.verify)
        #expect(plan.retire == configuration.plan.retire)
        #expect(
            changes.map(\.description) == [
                #"openrouter.management_key.env: handoff "OLD_KEY", ork.yaml "KEY" (ork.yaml:2)"#,
                #"publish.settle: handoff "0s", ork.yaml "30s" (ork.yaml:4)"#,
                #"verify.probes: handoff [], ork.yaml "#
                    + #"[{"http":{"url":"https://a.example/","expect":[200]}}] (ork.yaml:19)"#,
                "verify.require_adoption: handoff true, ork.yaml false (ork.yaml:19)",
                #"retire.soak: handoff "0s", ork.yaml "1h" (ork.yaml:21)"#,
            ])
    }

    @Test("a plan that already has the file's timings stays as it is")
    func adoptsNothing() throws {
        let configuration = try configuration()
        let (plan, changes) = configuration.plan.adoptingTimings(from: configuration)
        #expect(plan == configuration.plan)
        #expect(changes.isEmpty)
    }
}
