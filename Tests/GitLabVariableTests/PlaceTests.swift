import GitLabSandbox
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_gitlab_variable

/// What becomes of a variable, for each place that can hold one.
@Suite(.tags(.values)) struct PlaceTests {
    let fixture = GitLabFixture()

    /// A variable as a line: key, scope, value, flags.
    static func line(_ fixture: GitLabFixture, _ owner: VariableOwner) -> [String] {
        fixture.gitlab { sandbox in
            sandbox.variables(of: owner).map { variable in
                let flags = [
                    (variable.isMasked, "masked"), (variable.isHidden, "hidden"), (variable.isRaw, "raw"),
                    (variable.isProtected, "protected"), (variable.kind == .file, "file"),
                ].filter(\.0).map(\.1)
                let value =
                    switch variable.value {
                    case SampleKeys.predecessor: "predecessor"
                    case SampleKeys.successor: "successor"
                    case SampleKeys.foreign: "foreign"
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
        let with = place.with(fixture)
        let name = "TOKEN of \(place.name(fixture))"
        #expect(fixture.ask(.verify, with) == PublisherAnswer(.absent))
        #expect(
            fixture.ask(.check, with)
                == PublisherAnswer(
                    .ready, message: "would make \(name); no variable \(name): nothing held the predecessor"))
        let refusal = PublisherError.notMade(
            "no variable \(name)", hint: "check the spelling of key, place and scope", field: "with.key", target: "ci")
        for verb in [Verb.check, .publish] {
            #expect(fixture.ask(verb, with, create: false).outcome == .rejected(refusal))
        }
        #expect(Self.line(fixture, place.owner).isEmpty)
        #expect(
            fixture.ask(.publish, with)
                == PublisherAnswer(.committed, receipt: receipt(place, "created"), message: "created \(name)"))
        #expect(Self.line(fixture, place.owner) == ["TOKEN \(place.scope) successor masked raw "])
        #expect(fixture.ask(.verify, with) == PublisherAnswer(.match))
        #expect(
            fixture.ask(.publish, with)
                == PublisherAnswer(
                    .unchanged, receipt: receipt(place, nil), message: "\(name) holds the key already"))
    }

    @Test("an update changes the value, no flag, and no variable beside it", arguments: PlaceCase.all)
    func updated(_ place: PlaceCase) {
        let with = place.with(fixture)
        let name = "TOKEN of \(place.name(fixture))"
        let isInstance = place.owner == .instance
        fixture.gitlab { sandbox in
            for (key, scope) in [("TOKEN", place.scope), ("TOKEN", "beside"), ("OTHER", place.scope)] {
                if isInstance, scope == "beside" { continue }
                sandbox.setVariable(
                    key, SampleKeys.text(SampleKeys.predecessor), of: place.owner, kind: .file, isProtected: true,
                    isMasked: false, isRaw: false, environmentScope: scope, description: "d")
            }
        }
        let before = Self.line(fixture, place.owner)
        #expect(fixture.ask(.verify, with) == PublisherAnswer(.mismatch))
        #expect(fixture.ask(.check, with) == PublisherAnswer(.ready, message: "would write \(name)"))
        #expect(Self.line(fixture, place.owner) == before)
        #expect(
            fixture.ask(.publish, with)
                == PublisherAnswer(.committed, receipt: receipt(place, "updated"), message: "updated \(name)"))
        var after = before
        after[0] = "TOKEN \(place.scope) successor protected file d"
        #expect(Self.line(fixture, place.owner) == after)
        #expect(fixture.ask(.verify, with) == PublisherAnswer(.match))
    }

    @Test("a value that the rotation does not know stays, unless any may go", arguments: PlaceCase.all)
    func compared(_ place: PlaceCase) {
        let with = place.with(fixture)
        fixture.gitlab {
            $0.setVariable("TOKEN", SampleKeys.text(SampleKeys.foreign), of: place.owner, environmentScope: place.scope)
        }
        let conflict = PublisherAnswer(
            .rejected(
                PublisherError(
                    .conflict, "TOKEN of \(place.name(fixture)) holds a value that this rotation does not know",
                    hint: "check that key, place and scope are right",
                    field: "with.key")))
        #expect(fixture.ask(.check, with) == conflict)
        #expect(fixture.ask(.publish, with) == conflict)
        #expect(Self.line(fixture, place.owner) == ["TOKEN \(place.scope) foreign "])
        #expect(fixture.ask(.publish, with, expect: nil).outcome == .committed)
        #expect(Self.line(fixture, place.owner) == ["TOKEN \(place.scope) successor "])
    }

    @Test("an empty variable holds nothing, and is written", arguments: [PlaceCase.project, .instance])
    func empty(_ place: PlaceCase) {
        fixture.gitlab { $0.setVariable("TOKEN", "", of: place.owner, isProtected: true) }
        #expect(fixture.ask(.verify, place.with(fixture)) == PublisherAnswer(.absent))
        #expect(fixture.ask(.publish, place.with(fixture), expect: []).outcome == .committed)
        #expect(Self.line(fixture, place.owner) == ["TOKEN * successor protected "])
    }

    @Test("a variable is made as the settings wish", arguments: [PlaceCase.production, .groupProduction, .instance])
    func wishes(_ place: PlaceCase) {
        var with = place.with(fixture)
        for (key, value) in [
            ("masked", "false"), ("raw", false), ("protected", true), ("variable_type", "file"), ("description", "d"),
        ] as [(String, JSONValue)] {
            with[key] = value
        }
        #expect(fixture.ask(.publish, with).outcome == .committed)
        #expect(Self.line(fixture, place.owner) == ["TOKEN \(place.scope) successor protected file d"])
    }

    @Test(
        "a hidden variable is made, written without comparison, and cannot be verified",
        arguments: [
            PlaceCase.project, .production, .groupProduction,
        ])
    func hidden(_ place: PlaceCase) {
        var with = place.with(fixture)
        with["hidden"] = true
        let name = "TOKEN of \(place.name(fixture))"
        let made = PublisherAnswer(
            .committed, receipt: receipt(place, "created", hidden: true), message: "created \(name)")
        #expect(fixture.ask(.publish, with, secret: SampleKeys.foreign) == made)
        #expect(Self.line(fixture, place.owner) == ["TOKEN \(place.scope) foreign masked hidden raw "])
        #expect(
            fixture.ask(.verify, with)
                == PublisherAnswer(
                    .unverifiable,
                    message:
                        "\(name) is hidden: GitLab shows its value to nobody; give ork-verify a probe, which asks the"
                        + " application"))
        #expect(fixture.ask(.check, with).outcome == .ready)
        #expect(
            fixture.ask(.publish, with)
                == PublisherAnswer(
                    .committed, receipt: receipt(place, "updated", hidden: true),
                    message: "updated \(name); it is hidden, so that it was not compared before"))
        #expect(Self.line(fixture, place.owner) == ["TOKEN \(place.scope) successor masked hidden raw "])
    }

    @Test("wishes that a variable does not meet are told, and it keeps what it has")
    func unheededWishes() {
        fixture.gitlab {
            $0.setVariable("TOKEN", SampleKeys.text(SampleKeys.predecessor), of: .project("acme/web"), isRaw: true)
        }
        var with = PlaceCase.project.with(fixture)
        for (key, value) in [
            ("masked", true), ("hidden", true), ("raw", true), ("protected", "true"), ("variable_type", "file"),
        ] as [(String, JSONValue)] {
            with[key] = value
        }
        let note =
            "; left as it is: masked is false, not true, hidden is false, not true, protected is false, not true,"
            + " variable_type is env_var, not file"
        #expect(fixture.ask(.check, with).message == "would write TOKEN of project acme/web" + note)
        #expect(fixture.ask(.publish, with).message == "updated TOKEN of project acme/web" + note)
        #expect(fixture.ask(.publish, with).message == "TOKEN of project acme/web holds the key already" + note)
        #expect(Self.line(fixture, .project("acme/web")) == ["TOKEN * successor raw "])
    }

    @Test("a GitLab that knows no hidden variables is understood")
    func older() {
        fixture.gitlab { $0.version = "16.11.0" }
        #expect(fixture.ask(.publish, PlaceCase.production.with(fixture)).outcome == .committed)
        #expect(fixture.ask(.verify, PlaceCase.production.with(fixture)).outcome == .match)
    }
}
