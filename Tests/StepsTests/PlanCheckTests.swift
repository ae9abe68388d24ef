import JSON
import PublisherHosting
import Rotation
import RotationFixtures
import Steps
import TestSupport
import Testing

/// What can be told of a plan before anything is minted.
@Suite(.tags(.values)) struct PlanCheckTests {
    private static func check(_ publisher: String, _ change: (inout Plan.Target) -> Void = { _ in }) throws -> PlanCheck
    {
        let fixture = try RotationFixture()
        var plan = fixture.plan
        plan.targets[0].publisher = try #require(PublisherName(publisher))
        change(&plan.targets[0])
        return PlanCheck(plan, publishers: fixture.publishers)
    }

    @Test("a plan that works has no problem")
    func right() throws {
        let check = try Self.check("memory")
        #expect(check.problems == [] && check.unchecked == [] && check.unset == [])
    }

    @Test("every setting that is unknown or missing is named")
    func settings() throws {
        let check = try Self.check("memory") { $0.with = ["plase": "web", "x": 1] }
        #expect(
            check.problems.map { $0.path.joined(separator: ".") }
                == ["targets.web.with.plase", "targets.web.with.x", "targets.web.with.place"])
    }

    @Test("a publisher that is not here is told of, and one of ork's own mistyped is a problem")
    func publishers() throws {
        let absent = try Self.check("shop-store")
        #expect(absent.problems == [])
        #expect(absent.unchecked == ["not checked here: web: the publisher shop-store is not installed on this stage"])
        #expect(try Self.check("vault-kv").problems == [])
        let mistyped = try Self.check("vault-vk")
        #expect(mistyped.problems.map(\.message) == ["there is no publisher vault-vk; did you mean vault-kv?"])
    }

    @Test("a variable that is not set here is told of")
    func variables() throws {
        let variable = try #require(EnvironmentName("ACME_TOKEN"))
        let child = try #require(EnvironmentName("TOKEN"))
        let check = try Self.check("memory") { $0.environment = [child: variable] }
        #expect(check.problems == [])
        #expect(check.unset == [variable])
    }
}
