import Fleet
import FoundationEssentials
import HTTP
import OpenRouter
import OpenRouterSandbox
import Rotation
import RotationFixtures
import Secrets
import Steps
import TestSupport
import Testing
import Timestamps

@Suite("What is due, of many", .tags(.values))
struct DueFleetTests {
    /// A simulation with `count` rotations whose keys are one to `count` days older than 90, and other people's keys.
    private static func fleet(_ count: Int) throws -> (DueFixture, [DueRotation]) {
        let fixture = try DueFixture()
        var rotations: [DueRotation] = []
        for number in 0..<count {
            let name = "app-\(number)"
            // In no order, neither of names nor of ages.
            fixture.key(name, days: Double(91 + (number * 7919) % count))
            fixture.key("other-\(number)", days: 1)
            rotations.append(try fixture.rotation(name, .name(name)))
        }
        return (fixture, rotations)
    }

    @Test("of 300 rotations in one workspace all are found, each once, and the workspace is listed once")
    func manyRotations() throws {
        let (fixture, rotations) = try Self.fleet(300)
        let transport = FakeTransport(fixture.simulation)
        let findings = try fixture.findings(rotations, transport)
        #expect(findings.map(\.rotation) == rotations.map(\.name))
        #expect(findings.allSatisfy { $0.word == "never_rotated rotate" })
        // 600 keys in pages of 100, each of which repeats 10.
        #expect(transport.exchanges.count == 7)
        #expect(transport.exchanges.allSatisfy { $0.count == 1 })
    }

    @Test("the limit hands out the oldest, and the rest waits")
    func limit() throws {
        let (fixture, rotations) = try Self.fleet(30)
        let report = DueReport(try fixture.findings(rotations), limit: 7)
        #expect(report.due.count == 7)
        #expect(report.waiting.count == 23)
        let moments = (report.due + report.waiting).compactMap { $0.due?.since }
        #expect(moments == moments.sorted())
        #expect(Set((report.due + report.waiting).map(\.rotation)) == Set(rotations.map(\.name)))
        #expect(DueReport(try fixture.findings(rotations), limit: nil).waiting.isEmpty)
        #expect(DueReport(try fixture.findings(rotations), limit: 100).due.count == 30)
    }

    @Test("keys that end soon come first, then what was begun, then the oldest")
    func options() throws {
        let fixture = try DueFixture()
        fixture.key("old", days: 900)
        fixture.key("older", days: 901)
        fixture.key("ending", days: 80, expiresInDays: 5)
        fixture.key("ending-first", days: 80, expiresInDays: 4)
        fixture.key("begun", days: 200)
        fixture.key(DueFixture.made("begun"), days: 1)
        fixture.key("young", days: 1)
        let names = ["old", "older", "ending", "ending-first", "begun", "young", "missing"]
        let rotations = try names.map { try fixture.rotation($0, .name($0)) }
        let report = DueReport(try fixture.findings(rotations), limit: 4)
        #expect(report.due.map(\.rotation.description) == ["ending-first", "ending", "begun", "older"])
        #expect(report.waiting.map(\.rotation.description) == ["old"])
        #expect(report.others.map(\.rotation.description) == ["young", "missing"])
        #expect(report.problems.map(\.rotation.description) == ["missing"])
    }

    @Test("workspaces are read side by side, each by its own keys")
    func workspaces() throws {
        let fixture = try DueFixture()
        let team = fixture.simulation.with { $0.sandbox.addWorkspace("Team", slug: "team", at: $0.now) }
        for number in 0..<150 { fixture.key("app-\(number)", days: 100, workspace: team) }
        fixture.key("app-7", days: 5)
        let transport = FakeTransport(fixture.simulation)
        let findings = try fixture.findings(
            [
                try fixture.rotation("here", .name("app-7")),
                try fixture.rotation("there", .name("app-7")) { $0.plan.workspace = team },
            ], transport)
        #expect(findings.map(\.word) == ["current", "never_rotated rotate"])
        #expect(transport.exchanges.map(\.count) == [2, 1])
    }

    @Test("nothing is lost while others delete and mint keys between two pages", arguments: [0, 1, 5, 40])
    func movingList(changes: Int) throws {
        let (fixture, rotations) = try Self.fleet(150)
        let simulation = fixture.simulation
        @Sendable func change() {
            simulation.with { simulated in
                // The newest stand at the head of the list.
                for key in simulated.keys.filter({ $0.name.hasPrefix("other-") }).suffix(changes) {
                    simulated.sandbox.delete(key.hash, at: simulated.now)
                }
                if changes == 5 { simulated.sandbox.addKey(name: "new", at: simulated.now) }
            }
        }
        let findings = try fixture.findings(rotations, FakeTransport(simulation, before: [2: change, 3: change]))
        #expect(findings.allSatisfy { $0.word == "never_rotated rotate" })
    }

    @Test("a list that never stands still is an error, not a part of the list")
    func restless() throws {
        let (fixture, rotations) = try Self.fleet(600)
        let simulation = fixture.simulation
        let shrink: @Sendable () -> Void = {
            simulation.with { simulated in
                for key in simulated.keys.suffix(15) { simulated.sandbox.delete(key.hash, at: simulated.now) }
            }
        }
        let shrinking = Dictionary(uniqueKeysWithValues: (2...40).map { ($0, shrink) })
        let error = #expect(throws: StepError.self) {
            try fixture.findings(rotations, FakeTransport(simulation, before: shrinking))
        }
        #expect(error?.code == .unreachable)
        #expect(error?.message.contains("changes faster than it can be read") == true)
    }

    @Test("an answer that is an error is an error for all", arguments: [401, 403, 429, 500])
    func refusals(status: Int) throws {
        let (fixture, rotations) = try Self.fleet(60)
        let error = #expect(throws: StepError.self) {
            try fixture.findings(rotations, FakeTransport(fixture.simulation, faults: [2: .status(status)]))
        }
        #expect(error?.code == (status < 429 ? .denied : .unreachable))
    }
}
