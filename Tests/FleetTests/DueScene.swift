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
struct DueScene {
    static let day: TimeInterval = 86400
    static let id = "01JDB5T8WV0123456789ABCDEF"
    static let otherID = "01JDC5T8WV0123456789ABCDEF"

    let world = World()
    let service: HTTPURL

    init() throws { service = try HTTPURL("https://openrouter.ai/api/v1") }

    /// Makes a key that is so many days old.
    @discardableResult
    func key(
        _ name: String, days: Double, disabled: Bool = false, expiresInDays: Double? = nil, workspace: String? = nil
    ) -> String {
        world.with { things in
            let created = things.now.addingTimeInterval(-days * Self.day)
            let expiry = expiresInDays.map { things.now.addingTimeInterval($0 * Self.day) }
            let hash = things.sandbox.addKey(name: name, expiresAt: expiry, workspace: workspace, at: created).hash
            if disabled { things.sandbox.setDisabled(hash, at: created) }
            return hash
        }
    }

    /// The name of a key that a rotation made.
    static func made(_ base: String = Scene.base, _ id: String = DueScene.id, _ marks: String = "") -> String {
        "\(base) 2026-11-01 ork:\(id)\(marks)"
    }

    func rotation(
        _ name: String = "checkout", _ predecessor: Plan.Predecessor = .name(Scene.base), every days: Int? = 90,
        change: (inout DueRotation) -> Void = { _ in }
    ) throws -> DueRotation {
        var rules = DueRules()
        rules.every = days.map { Interval(seconds: $0 * 86400) }
        var rotation = DueRotation(
            name: try #require(PlanName(name)), plan: Plan(predecessor: predecessor), rules: rules)
        change(&rotation)
        return rotation
    }

    func findings(_ rotations: [DueRotation], _ line: Line? = nil) throws(StepError) -> [DueFinding] {
        let things = world.value
        return try DueStep(
            account: ManagedAccount(
                api: ManagementAPI(baseURL: service, managementKey: things.sandbox.managementKey),
                client: OpenRouterClient(transport: line ?? Line(world))),
            clock: world, rotations: rotations
        ).run()
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
