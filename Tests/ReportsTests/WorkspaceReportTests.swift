import Fleet
import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
import Reports
import Rotation
import RotationFixtures
import Secrets
import Steps
import TestSupport
import Testing
import Timestamps

@Suite("A report of a workspace", .tags(.processes)) struct WorkspaceReportTests {
    /// A key of the workspace, and what its line says of it.
    struct KeyCase: Sendable {
        let name: String
        let days: Double
        var limit: Int?
        var disabled = false
        var expiresInDays: Double?
        let remarks: [String]
    }

    // In the order of the report, and in another one below.
    private static let cases = [
        KeyCase(name: "old", days: 200, remarks: ["stale", "no limit", "no rotation", "never used", "never expires"]),
        KeyCase(name: "app", days: 120, remarks: ["stale", "no limit", "never used", "never expires"]),
        KeyCase(
            name: "capped", days: 100, limit: 5, expiresInDays: 9, remarks: ["stale", "no rotation", "never used"]),
        KeyCase(
            name: SampleRotation.hostile, days: 3, remarks: ["no limit", "no rotation", "never used", "never expires"]),
        KeyCase(name: "young", days: 2, limit: 5, expiresInDays: 30, remarks: ["no rotation", "never used"]),
        KeyCase(name: "off", days: 300, disabled: true, remarks: []),
    ]

    static func survey() throws -> DueSurvey {
        let simulation = Simulation()
        simulation.with { simulated in
            for one in Self.cases.reversed() {
                let hash = simulated.sandbox.addKey(
                    name: one.name, limit: one.limit.map { OpenRouterSandbox.Money(integerLiteral: $0) },
                    expiresAt: one.expiresInDays.map { simulated.now.addingTimeInterval($0 * 86400) },
                    at: simulated.now.addingTimeInterval(-one.days * 86400)
                ).hash
                if one.disabled { simulated.sandbox.setDisabled(hash, at: simulated.now) }
            }
        }
        let service = try HTTPURL("https://openrouter.ai/api/v1")
        let account = ManagedAccount(
            api: ManagementAPI(baseURL: service, managementKey: simulation.value.sandbox.managementKey),
            client: OpenRouterClient(transport: FakeTransport(simulation)))
        var off = DueRotation(
            name: try #require(PlanName("off")), plan: Plan(predecessor: .name("off")), rules: DueRules())
        off.isEnabled = false
        let app = DueRotation(
            name: try #require(PlanName("app")), plan: Plan(predecessor: .name("app")), rules: DueRules())
        return try DueStep(account: account, clock: simulation, rotations: [app, off]).survey()
    }

    @Test("has the stale and the uncapped first, then those without a rotation, and says why")
    func order() throws {
        let report = WorkspaceReport(try Self.survey(), by: "ork-due")
        let keys = try JSONValue(parsing: Array(report.text(.json).utf8))["keys"]?.array ?? []
        // The simulation begins with a key of its own.
        let own = keys.filter { $0["name"]?.string != RotationFixture.base }
        #expect(own.map { $0["name"]?.string } == Self.cases.map(\.name))
        for (key, one) in zip(own, Self.cases) {
            #expect(key["remarks"]?.array?.compactMap(\.string) == one.remarks, "\(one.name)")
        }
        #expect(own.map { $0["rotation"]?.string } == [nil, "app", nil, nil, nil, "off"])
    }

    @Test("is a page and Markdown that others can read", arguments: [ReportForm.html, .markdown])
    func forms(form: ReportForm) async throws {
        let reading = try await Reading(WorkspaceReport(try Self.survey(), by: "ork-due"), form)
        #expect(reading.problems.isEmpty, "\(reading.problems)")
        #expect(reading.headings.dropFirst() == ["In numbers", "Keys", "Ages", "Rotations"])
        #expect(reading.cells.contains(SampleRotation.hostile))
    }

    @Test("live keys that no rotation owns are found, those of rotations that are switched off are not")
    func unowned() throws {
        let survey = try Self.survey()
        let names = survey.unowned().map(\.key.name)
        #expect(
            names == ["old", "capped", SampleRotation.hostile, "young"]
                + (names.contains(RotationFixture.base) ? [RotationFixture.base] : []))
        #expect(!survey.unowned(except: ["old", RotationFixture.base]).map(\.key.name).contains("old"))
        let hash = try #require(survey.unowned().first { $0.key.name == "young" }).key.hash
        for word in [hash.description, hash.short] {
            #expect(!survey.unowned(except: [word]).map(\.key.name).contains("young"), "\(word)")
        }
        #expect(survey.unowned(except: [String(hash.short.dropLast())]).map(\.key.name).contains("young"))
    }
}
