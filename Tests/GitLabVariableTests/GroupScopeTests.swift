import GitLabSandbox
import HTTP
import JSON
import PublisherPlugin
import Testing

@testable import ork_publisher_gitlab_variable

/// What GitLab does with scopes of a group's variables without saying so.
struct GroupScopeTests {
    let world = World()
    private let group = VariableOwner.group("acme")
    private var with: JSONObject { PlaceCase.groupProduction.with(world) }
    private let premium = "scopes of a group's variables need Premium: leave 'environment_scope' out, or take projects"

    @Test("without Premium a scope is refused, and the variable for all environments does not stay")
    func takenBack() {
        world.gitlab { $0.premium = false }
        #expect(
            world.ask(.publish, with)
                == PublisherAnswer(
                    .rejected(
                        PublisherError(
                            .configuration,
                            "GitLab made TOKEN for scope * instead of TOKEN of group acme (environment production);"
                                + " it was removed again", hint: premium, field: "with.environment_scope"))))
        #expect(PlaceTests.line(world, group).isEmpty)
    }

    @Test("where it cannot be removed, that is told")
    func notTakenBack() {
        world.gitlab { $0.premium = false }
        world.fail(.delete, .answer(403, #"{"message": "403 Forbidden"}"#))
        #expect(
            world.ask(.publish, with)
                == PublisherAnswer(
                    .rejected(
                        PublisherError(
                            .configuration,
                            "GitLab made TOKEN for scope * instead of TOKEN of group acme (environment production);"
                                + " it was not possible to remove it", hint: "remove it; " + premium,
                            field: "with.environment_scope"))))
        #expect(PlaceTests.line(world, group) == ["TOKEN * successor masked raw "])
    }

    @Test("without Premium a variable for all environments is in the way, and stays")
    func inTheWay() {
        world.gitlab { sandbox in
            sandbox.premium = false
            sandbox.setVariable("TOKEN", Keys.text(Keys.predecessor), of: .group("acme"))
        }
        #expect(
            world.ask(.publish, with)
                == PublisherAnswer(
                    .rejected(
                        PublisherError(
                            .conflict,
                            "TOKEN of group acme (environment production) comes and goes: GitLab says that it is taken,"
                                + " and does not show it",
                            hint: "look who else writes it; for a group, scopes need Premium, and one of scope * may be"
                                + " in the way", field: "with.environment_scope"))))
        #expect(PlaceTests.line(world, group) == ["TOKEN * predecessor "])
    }

    @Test("a write that GitLab lets go astray is told")
    func astray() {
        world.gitlab { sandbox in
            sandbox.setVariable("TOKEN", Keys.text(Keys.foreign), of: .group("acme"))
            sandbox.setVariable(
                "TOKEN", Keys.text(Keys.predecessor), of: .group("acme"), environmentScope: "production")
        }
        world.fail(.put, .before { $0.removeVariable("TOKEN", of: .group("acme"), environmentScope: "production") })
        #expect(
            world.ask(.publish, with)
                == PublisherAnswer(
                    .rejected(
                        PublisherError(
                            .conflict,
                            "TOKEN of group acme (environment production) was removed meanwhile, and GitLab wrote the"
                                + " key to the variable of scope * instead",
                            hint: "look whether that one is to hold this key, give it its own value back if not, and"
                                + " run the step again", field: "with.environment_scope"))))
        #expect(PlaceTests.line(world, group) == ["TOKEN * successor "])
    }
}
