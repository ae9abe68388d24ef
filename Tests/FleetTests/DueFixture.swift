import Fleet
import FoundationEssentials
import HTTP
import OpenRouter
import OpenRouterSandbox
import Rotation
import RotationFixtures
import Secrets
import Steps
import Testing
import Timestamps

/// An account with keys of chosen names and ages, and the rotations that are looked at.
struct DueFixture {
    static let day: TimeInterval = 86400
    static let id = "01JDB5T8WV0123456789ABCDEF"
    static let otherID = "01JDC5T8WV0123456789ABCDEF"

    let simulation = Simulation()
    let service: HTTPURL

    init() throws { service = try HTTPURL("https://openrouter.ai/api/v1") }

    /// Makes a key that is so many days old.
    @discardableResult
    func key(
        _ name: String, days: Double, disabled: Bool = false, expiresInDays: Double? = nil, workspace: String? = nil
    ) -> String {
        simulation.with { simulated in
            let created = simulated.now.addingTimeInterval(-days * Self.day)
            let expiry = expiresInDays.map { simulated.now.addingTimeInterval($0 * Self.day) }
            let limit: OpenRouterSandbox.Money? = KeyName(parsing: name).isMinting ? 0 : nil
            let hash = simulated.sandbox.addKey(
                name: name, limit: limit, expiresAt: expiry, workspace: workspace, at: created
            ).hash
            if disabled { simulated.sandbox.setDisabled(hash, at: created) }
            return hash
        }
    }

    /// The name of a key that a rotation made.
    static func made(_ base: String = RotationFixture.base, _ id: String = DueFixture.id, _ marks: String = "")
        -> String
    {
        "\(base) 2026-11-01 ork:\(id)\(marks)"
    }

    func rotation(
        _ name: String = "checkout", _ predecessor: Plan.Predecessor = .name(RotationFixture.base),
        every days: Int? = 90,
        change: (inout DueRotation) -> Void = { _ in }
    ) throws -> DueRotation {
        var rules = DueRules()
        rules.every = days.map { Interval(seconds: $0 * 86400) }
        var rotation = DueRotation(
            name: try #require(PlanName(name)), plan: Plan(predecessor: predecessor), rules: rules)
        change(&rotation)
        return rotation
    }

    private func step(_ rotations: [DueRotation], _ transport: FakeTransport?) -> DueStep {
        DueStep(
            account: ManagedAccount(
                api: ManagementAPI(baseURL: service, managementKey: simulation.value.sandbox.managementKey),
                client: OpenRouterClient(transport: transport ?? FakeTransport(simulation))),
            clock: simulation, rotations: rotations)
    }

    func findings(_ rotations: [DueRotation], _ transport: FakeTransport? = nil) throws(StepError) -> [DueFinding] {
        try step(rotations, transport).run()
    }

    /// The same, and every key.
    func survey(
        _ rotations: [DueRotation], with others: DueSurvey.Workspaces = .named([])
    ) throws(StepError) -> DueSurvey {
        try step(rotations, nil).survey(with: others)
    }

    func finding(_ rotation: DueRotation) throws -> DueFinding { try #require(try findings([rotation]).first) }
}

extension DueFinding {
    /// What it says in short: `age rotate`, `problem`.
    var word: String {
        switch verdict {
        case .due(let due): "\(due.reason.rawValue) \(due.action.rawValue)"
        case .soaking: "soaking"
        case .current: "current"
        case .busy: "busy"
        case .disabled: "disabled"
        case .problem: "problem"
        }
    }
}
