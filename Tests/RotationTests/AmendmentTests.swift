import JSON
import PublisherKit
import Rotation
import Secrets
import Sodium
import TestSupport
import Testing

/// A plan under way is changed by records of `ork-create` alone, and by each of them at most once.
@Suite(.tags(.values)) struct AmendmentTests {
    private static func begun(_ names: String...) throws -> Diary {
        var diary = try Diary(try Sample.header(names.map { ($0, 1) }))
        try diary.intend()
        try diary.create()
        return diary
    }

    /// Records what makes these targets of those of the plan.
    private static func amend(_ diary: inout Diary, to targets: [Plan.Target]) throws {
        let entry = Amendment(of: try diary.state.plan.targets, to: targets).entry
        try diary.add(entry.step, entry.event, entry.detail)
    }

    @Test("targets are added, changed and dropped by one record")
    func amends() throws {
        var diary = try Self.begun("old", "web")
        try Self.amend(
            &diary, to: [try Sample.target("new", wave: 2), try Sample.target("web", path: "elsewhere.env")])
        let state = try diary.state
        #expect(
            state.plan.targets == [try Sample.target("new", wave: 2), try Sample.target("web", path: "elsewhere.env")])
        #expect(state.dropped.map(\.target.name.description) == ["old", "web"])
        #expect(state.header.plan.targets.count == 2)
    }

    @Test("what moved has to be published again, and what only changed its wave has not")
    func published() throws {
        var diary = try Self.begun("a", "b")
        try diary.commit("a")
        try diary.commit("b")
        try Self.amend(&diary, to: [try Sample.target("a", wave: 2), try Sample.target("b", path: "elsewhere.env")])
        let state = try diary.state
        #expect(state.isPublished(try Sample.name("a")))
        #expect(!state.isPublished(try Sample.name("b")))
        #expect(state.dropped.map(\.isWritten) == [true])
    }

    @Test(
        "a target keeps its place under another name, and two may change theirs",
        arguments: [
            (["web": "x"], ["app": "x"]), (["web": "x"], ["zed": "x"]), (["a": "x", "b": "y"], ["a": "y", "b": "x"]),
            (["a": "x", "b": "y"], ["b": "x", "c": "y"]), (["b": "x", "c": "y"], ["a": "y", "b": "x"]),
        ] as [([String: String], [String: String])])
    func places(before: [String: String], after: [String: String]) throws {
        func targets(_ places: [String: String]) throws -> [Plan.Target] {
            try places.map { try Sample.target($0.key, path: $0.value) }.sorted { $0.name < $1.name }
        }
        var diary = try Self.begun()
        try Self.amend(&diary, to: try targets(before))
        let late = diary
        for name in before.keys.sorted() { try diary.commit(name) }
        try Self.amend(&diary, to: try targets(after))
        #expect(try diary.state.plan.targets == targets(after))
        #expect(try diary.state.dropped == [])
        // What was written under the old names says nothing of the new ones.
        for target in try targets(before) {
            var writing = late
            let detail: JSONObject = [
                "digest": .string(Digest(of: Sample.key).description), "place": .string(target.place.description),
            ]
            try writing.add(.publish, .committed, detail, target: target.name.description)
            try diary.merge(writing)
        }
        let state = try diary.state
        for name in after.keys where before[name] != after[name] {
            #expect(!state.isPublished(try Sample.name(name)), "\(name)")
        }
    }

    @Test(
        "what a place held before the rotation is known under another name, at once or later", arguments: [true, false])
    func heldBefore(isAtOnce: Bool) throws {
        var diary = try Self.begun("web")
        let detail: JSONObject = ["digest": .string(Digest(of: Sample.key).description), "held": "nothing"]
        try diary.add(.publish, .committed, detail, target: "web")
        if !isAtOnce { try Self.amend(&diary, to: []) }
        let app = try Sample.target("app", path: "web.env")
        try Self.amend(&diary, to: [app])
        let state = try diary.state
        #expect(state.heldBefore(app.name) == .nothing)
        #expect(!state.isPublished(app.name))
        #expect(state.dropped == [])
    }

    @Test("a place that was written and got another name is known to be written once it is dropped")
    func droppedUnderAnotherName() throws {
        var diary = try Self.begun("web")
        try diary.commit("web")
        try Self.amend(&diary, to: [try Sample.target("app", path: "web.env")])
        try diary.add(
            .publish, .unknown, ["digest": .string(Digest(of: Sample.key).description), "held": "other"], target: "app")
        #expect(try diary.state.heldBefore(Sample.name("app")) == nil)
        try Self.amend(&diary, to: [])
        #expect(try diary.state.dropped.map(\.isWritten) == [true])
    }

    @Test("a name that comes again stands for its new place, whatever a late record says of the old one")
    func nameComesAgain() throws {
        var diary = try Self.begun("web")
        let old = try #require(try diary.state.plan.targets.first)
        let app = try Sample.target("app", path: "web.env")
        try Self.amend(&diary, to: [app])
        let detail: JSONObject = [
            "digest": .string(Digest(of: Sample.key).description), "place": .string(old.place.description),
        ]
        try diary.add(.publish, .committed, detail, target: "web")
        try Self.amend(&diary, to: [app, try Sample.target("web", path: "elsewhere.env")])
        #expect(try !diary.state.isPublished(Sample.name("web")))
    }

    @Test("what a late job writes to a place takes back what a rollback did there, under whatever name")
    func lateWrite() throws {
        var diary = try Self.begun("a", "b")
        let before = try diary.state.plan.targets
        let places = try before.map {
            try Sample.target($0.name == Sample.name("a") ? "b" : "a", path: "\($0.name).env")
        }
        try Self.amend(&diary, to: places.sorted { $0.name < $1.name })
        try diary.add(.rollback, .rollingBack)
        func detail(_ key: Secret) -> JSONObject {
            ["digest": .string(Digest(of: key).description), "place": .string(before[0].place.description)]
        }
        try diary.add(.rollback, .rolledBack, detail(Secret("predecessor")), target: "b")
        #expect(try diary.state.putBack(before[0]) != nil)
        try diary.add(.publish, .committed, detail(Sample.key), target: "a")
        #expect(try diary.state.putBack(before[0]) == nil)
    }

    @Test("a target that was let go of counts again where an amendment puts it")
    func abandoned() throws {
        var diary = try Self.begun("web")
        let web = try Sample.name("web")
        try diary.add(.retire, .accepted, ["abandoned": true], target: "web")
        #expect(try diary.state.abandonedTargets == [web])
        try Self.amend(&diary, to: [])
        #expect(try diary.state.abandonedTargets == [web])
        try Self.amend(&diary, to: [try Sample.target("web", path: "elsewhere.env")])
        #expect(try diary.state.abandonedTargets == [])
    }

    @Test("an approval is of the plan as it was")
    func approval() throws {
        var diary = try Self.begun("web")
        let binding = try #require(try diary.state.approvalBinding)
        try diary.add(.approve, .approved, ["binds": .string(binding.description)])
        #expect(try diary.state.isApproved(for: .retire))
        try Self.amend(&diary, to: [try Sample.target("web"), try Sample.target("new")])
        #expect(try !diary.state.isApproved(for: .retire))
    }

    @Test("what a parallel job wrote to the place that was given up says nothing of the new one")
    func parallelWrite() throws {
        let base = try Self.begun("web")
        let old = try #require(try base.state.plan.targets.first)
        for isBefore in [true, false] {
            var (amending, publishing) = (base, base)
            if !isBefore { try publishing.add(.publish, .checked) }
            let detail: JSONObject = [
                "digest": .string(Digest(of: Sample.key).description), "place": .string(old.place.description),
            ]
            if isBefore { try amending.add(.verify, .checked) }
            try Self.amend(&amending, to: [try Sample.target("web", path: "elsewhere.env")])
            try publishing.add(.publish, .committed, detail, target: "web")
            try amending.merge(publishing)
            let state = try amending.state
            #expect(!state.isPublished(try Sample.name("web")), "before: \(isBefore)")
            #expect(state.dropped.map(\.isWritten) == [true], "before: \(isBefore)")
        }
    }

    struct Pair: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let one: [String: String]
        let other: [String: String]
        /// The targets of both; `nil` if they contradict each other.
        let both: [String: String]?
    }

    @Test(
        "two amendments side by side agree or contradict each other, in whatever order they are read",
        arguments: [
            Pair(testDescription: "the same", one: ["web": "x"], other: ["web": "x"], both: ["web": "x"]),
            Pair(
                testDescription: "two targets", one: ["web": "web.env", "a": "a"], other: ["web": "web.env", "b": "b"],
                both: ["web": "web.env", "a": "a", "b": "b"]),
            Pair(
                testDescription: "one drops what the other keeps", one: [:], other: ["web": "web.env", "b": "b"],
                both: ["b": "b"]),
            Pair(testDescription: "two places", one: ["web": "x"], other: ["web": "y"], both: nil),
            Pair(testDescription: "one drops what the other moves", one: [:], other: ["web": "y"], both: nil),
            Pair(
                testDescription: "two places of one new name", one: ["web": "web.env", "a": "x"],
                other: ["web": "web.env", "a": "y"], both: nil),
        ])
    func sideBySide(pair: Pair) throws {
        let base = try Self.begun("web")
        func branch(_ targets: [String: String]) throws -> Diary {
            var branch = base
            try Self.amend(&branch, to: try targets.map { try Sample.target($0.key, path: $0.value) })
            return branch
        }
        for (first, second) in [(pair.one, pair.other), (pair.other, pair.one)] {
            var union = try branch(first)
            try union.merge(try branch(second))
            guard let both = pair.both else {
                let error = #expect(throws: HandoffError.self) { try union.state }
                #expect(error?.code == .contradiction)
                continue
            }
            let targets = try both.map { try Sample.target($0.key, path: $0.value) }.sorted { $0.name < $1.name }
            #expect(try union.state.plan.targets == targets)
        }
    }

    @Test("nobody but ork-create amends", arguments: [StepName.publish, .verify, .retire])
    func writers(step: StepName) throws {
        var diary = try Self.begun("web")
        try diary.add(step, .accepted, Amendment(of: try diary.state.plan.targets, to: []).entry.detail)
        let error = #expect(throws: HandoffError.self) { try diary.state }
        #expect(error?.code == .malformed)
    }

    @Test(
        "an amendment that is not whole is refused",
        arguments: [
            #"[]"#, #"{"web": {}}"#, #"{"web": {"was": null}}"#, #"{"web": {"was": "x", "now": null}}"#,
            #"{"-": {"was": null, "now": null}}"#, #"{"web": {"was": null, "now": {"with": {}}}}"#,
        ])
    func broken(text: String) throws {
        var diary = try Self.begun("web")
        try diary.add(.create, .accepted, ["amends": try JSONValue(parsing: Array(text.utf8))])
        let error = #expect(throws: HandoffError.self) { try diary.state }
        #expect(error?.code == .malformed)
    }
}
