import GitLabSandbox
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_gitlab_variable

/// What becomes of a variable, for each place that can hold one.
@Suite(.tags(.values)) struct PlaceTests {
    let world = World()

    /// A variable as a line: key, scope, value, flags.
    static func line(_ world: World, _ owner: VariableOwner) -> [String] {
        world.gitlab { sandbox in
            sandbox.variables(of: owner).map { variable in
                let flags = [
                    (variable.isMasked, "masked"), (variable.isHidden, "hidden"), (variable.isRaw, "raw"),
                    (variable.isProtected, "protected"), (variable.kind == .file, "file"),
                ].filter(\.0).map(\.1)
                let value =
                    switch variable.value {
                    case Keys.predecessor: "predecessor"
                    case Keys.successor: "successor"
                    case Keys.foreign: "foreign"
                    default: "other"
                    }
                return ([variable.key, variable.environmentScope, value] + flags + [variable.description ?? ""])
                    .joined(separator: " ")
            }
        }
    }

    private func receipt(_ place: PlaceCase, _ change: String?, hidden: Bool = false) -> JSONObject {
        var receipt: JSONObject = ["hidden": .bool(hidden)]
        if place.owner != .instance { receipt["environment_scope"] = .string(place.scope) }
        if let change { receipt["change"] = .string(change) }
        return receipt
    }

    @Test("a variable that is missing is made masked and raw, and then found", arguments: PlaceCase.all)
    func made(_ place: PlaceCase) {
        let with = place.with(world)
        let name = "TOKEN of \(place.name(world))"
        #expect(world.ask(.verify, with) == PublisherAnswer(.absent))
        #expect(world.ask(.check, with) == PublisherAnswer(.ready, message: "would make \(name)"))
        #expect(Self.line(world, place.owner).isEmpty)
        #expect(
            world.ask(.publish, with)
                == PublisherAnswer(.committed, receipt: receipt(place, "created"), message: "created \(name)"))
        #expect(Self.line(world, place.owner) == ["TOKEN \(place.scope) successor masked raw "])
        #expect(world.ask(.verify, with) == PublisherAnswer(.match))
        #expect(
            world.ask(.publish, with)
                == PublisherAnswer(
                    .unchanged, receipt: receipt(place, nil), message: "\(name) holds the key already"))
    }

    @Test("an update changes the value, no flag, and no variable beside it", arguments: PlaceCase.all)
    func updated(_ place: PlaceCase) {
        let with = place.with(world)
        let name = "TOKEN of \(place.name(world))"
        let isInstance = place.owner == .instance
        world.gitlab { sandbox in
            for (key, scope) in [("TOKEN", place.scope), ("TOKEN", "beside"), ("OTHER", place.scope)] {
                if isInstance, scope == "beside" { continue }
                sandbox.setVariable(
                    key, Keys.text(Keys.predecessor), of: place.owner, kind: .file, isProtected: true,
                    isMasked: false, isRaw: false, environmentScope: scope, description: "d")
            }
        }
        let before = Self.line(world, place.owner)
        #expect(world.ask(.verify, with) == PublisherAnswer(.mismatch))
        #expect(world.ask(.check, with) == PublisherAnswer(.ready, message: "would write \(name)"))
        #expect(Self.line(world, place.owner) == before)
        #expect(
            world.ask(.publish, with)
                == PublisherAnswer(.committed, receipt: receipt(place, "updated"), message: "updated \(name)"))
        var after = before
        after[0] = "TOKEN \(place.scope) successor protected file d"
        #expect(Self.line(world, place.owner) == after)
        #expect(world.ask(.verify, with) == PublisherAnswer(.match))
    }

    @Test("a value that the rotation does not know stays, unless any may go", arguments: PlaceCase.all)
    func compared(_ place: PlaceCase) {
        let with = place.with(world)
        world.gitlab {
            $0.setVariable("TOKEN", Keys.text(Keys.foreign), of: place.owner, environmentScope: place.scope)
        }
        let conflict = PublisherAnswer(
            .rejected(
                PublisherError(
                    .conflict, "TOKEN of \(place.name(world)) holds a value that this rotation does not know",
                    hint: "look whether key, place and scope are right and whether another rotation writes there",
                    field: "with.key")))
        #expect(world.ask(.check, with) == conflict)
        #expect(world.ask(.publish, with) == conflict)
        #expect(Self.line(world, place.owner) == ["TOKEN \(place.scope) foreign "])
        #expect(world.ask(.publish, with, expect: nil).outcome == .committed)
        #expect(Self.line(world, place.owner) == ["TOKEN \(place.scope) successor "])
    }

    @Test("an empty variable holds nothing, and is written", arguments: [PlaceCase.project, .instance])
    func empty(_ place: PlaceCase) {
        world.gitlab { $0.setVariable("TOKEN", "", of: place.owner, isProtected: true) }
        #expect(world.ask(.verify, place.with(world)) == PublisherAnswer(.absent))
        #expect(world.ask(.publish, place.with(world), expect: []).outcome == .committed)
        #expect(Self.line(world, place.owner) == ["TOKEN * successor protected "])
    }

    @Test("a variable is made as the settings wish", arguments: [PlaceCase.production, .groupProduction, .instance])
    func wishes(_ place: PlaceCase) {
        var with = place.with(world)
        for (key, value) in [
            ("masked", "false"), ("raw", false), ("protected", true), ("variable_type", "file"), ("description", "d"),
        ] as [(String, JSONValue)] {
            with[key] = value
        }
        #expect(world.ask(.publish, with).outcome == .committed)
        #expect(Self.line(world, place.owner) == ["TOKEN \(place.scope) successor protected file d"])
    }

    @Test(
        "a hidden variable is made, written without comparison, and cannot be verified",
        arguments: [
            PlaceCase.project, .production, .groupProduction,
        ])
    func hidden(_ place: PlaceCase) {
        var with = place.with(world)
        with["hidden"] = true
        let name = "TOKEN of \(place.name(world))"
        let made = PublisherAnswer(
            .committed, receipt: receipt(place, "created", hidden: true), message: "created \(name)")
        #expect(world.ask(.publish, with, secret: Keys.foreign) == made)
        #expect(Self.line(world, place.owner) == ["TOKEN \(place.scope) foreign masked hidden raw "])
        #expect(
            world.ask(.verify, with)
                == PublisherAnswer(
                    .unverifiable,
                    message:
                        "\(name) is hidden: GitLab shows its value to nobody; give ork-verify a probe, which asks the"
                        + " application"))
        #expect(world.ask(.check, with).outcome == .ready)
        #expect(
            world.ask(.publish, with)
                == PublisherAnswer(
                    .committed, receipt: receipt(place, "updated", hidden: true),
                    message: "updated \(name); it is hidden, so that it was not compared before"))
        #expect(Self.line(world, place.owner) == ["TOKEN \(place.scope) successor masked hidden raw "])
    }

    @Test("wishes that a variable does not meet are told, and it keeps what it has")
    func unheededWishes() {
        world.gitlab { $0.setVariable("TOKEN", Keys.text(Keys.predecessor), of: .project("acme/web"), isRaw: true) }
        var with = PlaceCase.project.with(world)
        for (key, value) in [
            ("masked", true), ("hidden", true), ("raw", true), ("protected", "true"), ("variable_type", "file"),
        ] as [(String, JSONValue)] {
            with[key] = value
        }
        let note =
            "; left as it is: masked is false, not true, hidden is false, not true, protected is false, not true,"
            + " variable_type is env_var, not file"
        #expect(world.ask(.check, with).message == "would write TOKEN of project acme/web" + note)
        #expect(world.ask(.publish, with).message == "updated TOKEN of project acme/web" + note)
        #expect(world.ask(.publish, with).message == "TOKEN of project acme/web holds the key already" + note)
        #expect(Self.line(world, .project("acme/web")) == ["TOKEN * successor raw "])
    }

    @Test("a GitLab that knows no hidden variables is understood")
    func older() {
        world.gitlab { $0.version = "16.11.0" }
        #expect(world.ask(.publish, PlaceCase.production.with(world)).outcome == .committed)
        #expect(world.ask(.verify, PlaceCase.production.with(world)).outcome == .match)
    }
}
