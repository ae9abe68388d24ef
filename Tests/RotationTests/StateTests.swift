import FoundationEssentials
import JSON
import Rotation
import Secrets
import Sodium
import TestSupport
import Testing
import Timestamps

@Suite(.tags(.values)) struct StateTests {
    @Test("a rotation goes through its phases, and each has its next program")
    func phases() throws {
        var diary = try Diary(try Sample.header([("a", 1), ("b", 1)]))
        func expect(_ phase: State.Phase, _ next: String?, _ location: SourceLocation = #_sourceLocation) throws {
            let state = try diary.state
            #expect(state.phase == phase, sourceLocation: location)
            #expect(state.next == next, sourceLocation: location)
            #expect(state.summary["state"]?.string == phase.rawValue, sourceLocation: location)
            #expect(state.summary["next"]?.string == next, sourceLocation: location)
        }
        try diary.intend()
        try expect(.intended, "ork-create")
        try diary.mint()
        try expect(.minted, "ork-create")
        try diary.create()
        try expect(.created, "ork-publish")
        let a = try diary.commit("a")
        try expect(.publishing, "ork-publish")
        try diary.commit("b", .rejected)
        try expect(.publishing, "ork-publish")
        let b = try diary.commit("b", .unchanged)
        try expect(.published, "ork-verify")
        try diary.verify(["a": a])
        try expect(.published, "ork-verify")
        try diary.verify(["a": a, "b": b])
        try expect(.verified, "ork-retire")
        try diary.add(.retire, .disabled, ["hash": .string(Sample.predecessor)])
        try expect(.retiring, "ork-retire")
        try diary.add(.retire, .restored, ["hash": .string(Sample.predecessor)])
        try expect(.held, "ork-verify")
        try diary.verify(["a": a, "b": b])
        try expect(.held, "ork-retire --again")
        try diary.add(.retire, .deleted, ["hash": .string(Sample.predecessor)])
        try expect(.retiring, "ork-retire")
        try diary.add(.retire, .finished)
        try expect(.finished, nil)
    }

    @Test("a plan without targets is never published")
    func noTargets() throws {
        var diary = try Diary(try Sample.header([]))
        try diary.create()
        let state = try diary.state
        #expect(!state.isPublished)
        #expect(state.verification == nil)
        #expect(state.lastWrite == nil)
        #expect(state.phase == .created)
    }

    @Test("a wave is published after the waves before it are verified")
    func waves() throws {
        var diary = try Diary(try Sample.header([("a", 3), ("b", 1), ("c", 3)]))
        try diary.create()
        #expect(try diary.state.waves == [1, 3])
        #expect(try diary.state.targets(inWave: 3).map(\.name.description) == ["a", "c"])
        #expect(try diary.state.next == "ork-publish")
        let b = try diary.commit("b")
        #expect(try diary.state.next == "ork-verify")
        try diary.verify(["b": b])
        #expect(try diary.state.next == "ork-publish")
        try diary.commit("a")
        #expect(try diary.state.next == "ork-publish")
        try diary.commit("c")
        #expect(try diary.state.next == "ork-verify")
    }

    @Test("a verification counts for what was written before it and for nothing written later")
    func bindingOfVerification() throws {
        var diary = try Diary(try Sample.header([("a", 1), ("b", 1)]))
        try diary.create()
        let (a, b) = (try diary.commit("a"), try diary.commit("b"))
        try diary.verify(["a": a, "b": b])
        #expect(try diary.state.verification != nil)
        let again = try diary.commit("a")
        #expect(try diary.state.verification == nil)
        #expect(try diary.state.verification(of: [Sample.name("b")]) != nil)
        #expect(try diary.state.lastWrite == again.at)
        let newest = try diary.verify(["a": again, "b": b])
        #expect(try diary.state.verification?.at == newest.at)
        try diary.commit("a", .unchanged)
        #expect(try diary.state.verification != nil)
        #expect(try diary.state.verification(of: []) == nil)
    }

    @Test("a target that got another key does not hold the successor", arguments: [Event.committed, .unchanged])
    func otherKeys(event: Event) throws {
        var diary = try Diary(try Sample.header())
        try diary.create()
        try diary.commit("web", event, of: Secret("another"))
        #expect(try !diary.state.isPublished)
        try diary.add(.publish, event, target: "web")
        #expect(try !diary.state.isPublished)
    }

    @Test("an approval is of one plan, one successor and these targets")
    func approval() throws {
        var diary = try Diary(try Sample.header())
        try diary.intend()
        #expect(try diary.state.approvalBinding == nil)
        try diary.create()
        let binding = try #require(try diary.state.approvalBinding)
        try diary.add(.approve, .approved, ["binds": .string(Digest(of: [1]).description)])
        #expect(try !diary.state.isApproved(for: .retire))
        try diary.add(.approve, .approved, ["binds": .string(binding.description), "for": ["publish"]])
        #expect(try diary.state.isApproved(for: .publish))
        #expect(try !diary.state.isApproved(for: .retire))
        try diary.add(.approve, .approved, ["binds": .string(binding.description)])
        #expect(try diary.state.isApproved(for: .retire))
        let write = try diary.commit("web")
        try diary.verify(["web": write])
        #expect(try diary.state.isApproved(for: .retire))
        let added = try Sample.target("new")
        try diary.add(.publish, .accepted, ["target": added.json], target: "new")
        #expect(try !diary.state.isApproved(for: .retire))
    }

    @Test(
        "a decision about references or the checklist counts from its own step alone",
        arguments: [StepName.create, .publish, .verify, .retire])
    func decisions(step: StepName) throws {
        var diary = try Diary(try Sample.header())
        try diary.create()
        try diary.add(step, .accepted, ["ignores": "the predecessor is named by guardrail spend"])
        #expect(try diary.state.ignoresReferences == (step == .create))
        try diary.add(step, .accepted, ["checklist": true])
        #expect(try diary.state.isChecklistDone == (step == .retire))
        try diary.add(step, .accepted, ["checklist": "yes"])
        #expect(try diary.state.isChecklistDone == (step == .retire))
    }

    @Test("a target that was let go of counts no more, until it is written again")
    func abandonment() throws {
        var diary = try Diary(try Sample.header([("a", 1), ("b", 1)]))
        try diary.create()
        let a = try diary.commit("a")
        #expect(try !diary.state.isPublished)
        let binding = try diary.state.approvalBinding
        // Whoever publishes or verifies lets go of nothing.
        try diary.add(.publish, .accepted, ["abandoned": true], target: "b")
        try diary.add(.verify, .accepted, ["abandoned": true], target: "b")
        #expect(try !diary.state.isPublished)
        try diary.add(.retire, .accepted, ["abandoned": true], target: "b")
        #expect(try diary.state.isPublished)
        #expect(try diary.state.keptTargets.map(\.name.description) == ["a"])
        #expect(try diary.state.approvalBinding != binding)
        #expect(try diary.state.next == "ork-verify")
        try diary.verify(["a": a])
        #expect(try diary.state.verification != nil)
        #expect(try diary.state.lastWrite == a.at)
        try diary.commit("b", .rejected)
        #expect(try diary.state.verification != nil)
        try diary.commit("b")
        #expect(try diary.state.verification == nil)
        #expect(try diary.state.approvalBinding == binding)
    }

    @Test(
        "a target that has lost the successor is written again next, where the key is there for it",
        arguments: [("predecessor", true), ("nothing", true), ("other", false), ("unknown", false), ("moon", false)])
    func loss(held: String, isRewritten: Bool) throws {
        var diary = try Diary(try Sample.header())
        try diary.create()
        let write = try diary.commit("web")
        try diary.verify(["web": write])
        let detail: JSONObject = ["check": "target web", "outcome": "failed", "held": .string(held)]
        try diary.add(.verify, .checked, detail, target: "web")
        let state = try diary.state
        #expect(state.doubts.count == 1 && state.verification == nil)
        // The diary has no box.
        #expect(state.next == "ork-verify")
        try diary.seal(to: Sample.identity())
        #expect(try diary.state.next == (isRewritten ? "ork-publish" : "ork-verify"))
        try diary.commit("web", .unchanged)
        #expect(try diary.state.doubts.isEmpty)
        #expect(try diary.state.next == "ork-verify")
    }

    @Test("that the key was dropped is what a record says, and never guessed", arguments: [nil, false, true])
    func dropping(dropped: Bool?) throws {
        for event in [Event.verified, .finished] {
            var diary = try Diary(try Sample.header())
            try diary.create()
            let write = try diary.commit("web")
            var detail: JSONObject = [
                "digest": .string(Digest(of: Sample.key).description),
                "writes": ["web": .string(write.digest.description)],
            ]
            if let dropped { detail["dropped"] = .bool(dropped) }
            try diary.add(event == .verified ? .verify : .retire, event, detail)
            #expect(try diary.state.isKeyDropped == (dropped ?? false))
        }
    }

    @Test("rules that a later step took over count, and nothing else of them does")
    func rules() throws {
        var diary = try Diary(try Sample.header())
        try diary.intend()
        try diary.add(
            .retire, .accepted, ["rules": ["retire": ["overlap": "5m"], "targets": [:], "predecessor": "none"]])
        let plan = try diary.state.plan
        #expect(plan.retire.overlap.seconds == 300)
        #expect(plan.targets.count == 1)
        #expect(plan.predecessor == .name("checkout-prod"))
        try diary.add(.retire, .accepted, ["rules": ["retire": ["overlap": 5]]])
        let error = #expect(throws: HandoffError.self) { try diary.state }
        #expect(error?.code == .malformed)
    }

    @Test("readings of verification do not count")
    func readings() throws {
        let reading = Reading(
            at: Sample.start,
            meters: [try #require(KeyHash(Sample.predecessor)): .init(cost: "1.5", lastUsed: 7)])
        var diary = try Diary(try Sample.header())
        try diary.intend()
        try diary.add(.verify, .observed, reading.detail)
        #expect(try diary.state.readings.isEmpty)
        try diary.add(.create, .observed, reading.detail)
        try diary.add(.retire, .observed, reading.detail)
        #expect(try diary.state.readings == [reading, reading])
    }

    @Test("the summary tells people where each target stands")
    func summary() throws {
        var diary = try Diary(try Sample.header([("a", 1), ("b", 1)]))
        try diary.create()
        let last = try diary.commit("a", .rejected)
        #expect(
            try diary.state.summary == [
                "state": "created", "successor": "checkout-prod 2026",
                "targets": ["a": "rejected", "b": "not yet published"], "next": "ork-publish",
                "updated": .string(last.at.rfc3339),
            ])
    }

    @Test("taking records away never permits more: every subset permits less, or is refused")
    func subsets() throws {
        var diary = try Diary(try Sample.header([("a", 1), ("b", 2)]))
        try diary.intend()
        try diary.create()
        let a = try diary.commit("a")
        try diary.verify(["a": a])
        let b = try diary.commit("b")
        try diary.verify(["a": a, "b": b])
        let binding = try #require(try diary.state.approvalBinding)
        try diary.add(.approve, .approved, ["binds": .string(binding.description)])
        try diary.add(.retire, .disabled, ["hash": .string(Sample.predecessor)])
        let whole = try #require(try JSONValue(parsing: diary.handoff.bytes(summary: [:])).object)
        let records = try #require(whole["records"]?.array)
        let all = Permissions(try diary.state)
        var accepted = 0
        for subset in 0..<(1 << records.count) {
            var json = whole
            json["records"] = .array(records.indices.filter { subset >> $0 & 1 == 1 }.map { records[$0] })
            let handoff = try Handoff(parsing: JSONValue.object(json).bytes())
            guard let state = try? State(handoff, trust: nil) else { continue }
            accepted += 1
            #expect(Permissions(state).isSubset(of: all))
        }
        #expect(accepted == records.count)
    }

    /// What records can permit.
    private struct Permissions {
        private var granted: Set<String> = []

        init(_ state: State) {
            if state.created != nil { granted.insert("publish") }
            if state.isPublished { granted.insert("verify") }
            if state.verification != nil { granted.insert("retire") }
            if state.isApproved(for: .retire) { granted.insert("gate") }
            for name in state.targets.keys where state.isPublished(name) { granted.insert("skip \(name)") }
            for name in state.targets.keys where state.verification(of: [name]) != nil {
                granted.insert("wave after \(name)")
            }
        }

        func isSubset(of other: Permissions) -> Bool { granted.isSubset(of: other.granted) }
    }
}
