import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
import PublisherHosting
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Sodium
import Steps
import TestSupport
import Testing
import Timestamps

/// What somebody who holds another stage's identity, or may make keys in the workspace, can do: nothing that is not
/// theirs.
@Suite(.tags(.values)) struct NeighbourTests {
    /// A rotation that is ready to be retired, its stages with an identity each, and a key of somebody else's.
    private struct Scene {
        var fixture: RotationFixture
        let create, publish, verify, retire, approve: Identity
        let other: KeyHash

        init(isGated: Bool = false, namesHash: Bool = false) throws {
            (create, publish, verify) = (try .generate(), try .generate(), try .generate())
            (retire, approve) = (try .generate(), try .generate())
            fixture = try RotationFixture()
            let hash = fixture.simulation.with { simulated in
                simulated.sandbox.addKey(name: "billing-batch", limit: 5, at: simulated.now).hash
            }
            other = try #require(KeyHash(hash))
            if namesHash {
                fixture.plan.predecessor = .hash(try #require(KeyHash(fixture.simulation.value.keys[0].hash)))
            }
            var named: [StepName: Set<PublicIdentity>] = [
                .create: [create.publicIdentity], .publish: [publish.publicIdentity],
                .verify: [verify.publicIdentity], .retire: [retire.publicIdentity],
            ]
            if isGated { named[.approve] = [approve.publicIdentity] }
            fixture.trust = Trust(named, fallback: nil)
            act(as: create)
            try fixture.create()
            act(as: publish)
            try fixture.publish()
            act(as: verify)
            try fixture.verify()
            fixture.simulation.pass(2 * 86400)
            act(as: verify)
            try fixture.verify()
            act(as: retire)
        }

        mutating func act(as identity: Identity) {
            fixture.identity = identity
            fixture.journal = MemoryJournal(fixture.journal.handoff, identity, fixture.trust, fixture.simulation)
        }

        /// The same rotation under another header, signed anew by whoever holds every identity but that of retire.
        func forged(_ change: (inout JSONObject) throws -> Void) throws -> Handoff {
            let handoff = try #require(fixture.journal.handoff)
            let altered = try handoff.edited { json in
                var header = try #require(json["rotation"]?.object)
                try change(&header)
                json["rotation"] = .object(header)
                json["records"] = []
            }
            var forged = altered
            for record in handoff.records {
                let signers: [StepName: Identity] = [.create: create, .publish: publish, .verify: verify]
                let signer = try #require(signers[record.step])
                var detail = record.detail
                if let writes = detail["writes"]?.object {
                    let last = try #require(forged.records.last { $0.target != nil })
                    detail["writes"] = .object(
                        writes.members.reduce(into: [:]) { $0[$1.key] = .string("\(last.digest)") })
                }
                try forged.append(
                    Entry(record.step, record.event, target: record.target, message: record.message, detail: detail),
                    at: record.at, by: signer)
            }
            return forged
        }
    }

    @Test("the handoff that is signed anew is as good as the old one, so that the attacks below are no accident")
    func control() throws {
        let scene = try Scene()
        let forged = scene.fixture.copied(try scene.forged { _ in })
        try forged.retireWaiting { $0.isCompromised = true }
        #expect(try forged.state().isFinished)
    }

    @Test("retire touches no key of another lineage, whoever names it", arguments: [true, false])
    func otherLineage(movesBase: Bool) throws {
        let scene = try Scene()
        let handoff = try scene.forged { header in
            let known = movesBase ? [] : header["predecessors"]?.array ?? []
            header["predecessors"] = .array([["hash": .string("\(scene.other)"), "name": "billing-batch"]] + known)
            if movesBase { header["base"] = "billing-batch" }
        }
        let fixture = scene.fixture.copied(handoff)
        let writes = fixture.simulation.writes().count
        for isCompromised in [false, true] {
            fixture.refused(
                .unacceptable, movesBase ? "the plan is about checkout-prod" : "is not a key of checkout-prod"
            ) {
                () throws(StepError) in try fixture.retire { $0.isCompromised = isCompromised }
            }
        }
        #expect(fixture.simulation.writes().count == writes)
    }

    @Test("a plan that names a hash binds the lineage of that key")
    func otherLineageBesideAHash() throws {
        let scene = try Scene(namesHash: true)
        let handoff = try scene.forged { header in
            let other: JSONValue = ["hash": .string("\(scene.other)"), "name": "billing-batch"]
            header["predecessors"] = .array([other] + (header["predecessors"]?.array ?? []))
            header["base"] = "billing-batch"
        }
        let fixture = scene.fixture.copied(handoff)
        let writes = fixture.simulation.writes().count
        fixture.refused(.unacceptable, "is not a key of billing-batch") { () throws(StepError) in
            try fixture.retire { $0.isCompromised = true }
        }
        #expect(fixture.simulation.writes().count == writes)
    }

    @Test("restore enables no key of another lineage")
    func restoresNoOther() throws {
        let scene = try Scene()
        scene.fixture.simulation.with { simulated in
            simulated.sandbox.rename(
                "\(scene.other)", "billing-batch disabled:2026-11-22T10:00:00Z", at: simulated.now)
            simulated.sandbox.setDisabled("\(scene.other)", at: simulated.now)
        }
        let fixture = scene.fixture.copied(
            try scene.forged { header in
                header["predecessors"] = [["hash": .string("\(scene.other)"), "name": "billing-batch"]]
            })
        fixture.refused(.unacceptable, "is not a key of checkout-prod") { () throws(StepError) in try fixture.restore()
        }
        #expect(fixture.simulation.value.sandbox.key("\(scene.other)")?.disabled == true)
    }

    @Test("a gate that create knew of stays closed where nobody is known who may open it")
    func unknownApprover() throws {
        var scene = try Scene(isGated: true)
        #expect(try scene.fixture.state().header.gates == [.approve])
        scene.fixture.trust = Trust(
            [
                .create: [scene.create.publicIdentity], .publish: [scene.publish.publicIdentity],
                .verify: [scene.verify.publicIdentity],
            ], fallback: scene.retire.publicIdentity)
        scene.act(as: scene.retire)
        try scene.fixture.approve()
        scene.fixture.refused(.denied, "by approval alone") { () throws(StepError) in try scene.fixture.retire() }
        #expect(scene.fixture.predecessor?.disabled == false)
    }

    @Test("a gate that this version does not know is not passed")
    func unknownGate() throws {
        let scene = try Scene()
        #expect(throws: HandoffError.self) { try scene.forged { $0["requires"] = ["two-approvals"] } }
    }

    @Test("only whoever may create adds a target: a record by another stage is refused, and none is written")
    func addedTarget() throws {
        var scene = try Scene()
        let target = try RotationFixture.target("elsewhere")
        scene.act(as: scene.publish)
        scene.fixture.refused(.denied, "may not add the target elsewhere") { () throws(StepError) in
            try scene.fixture.publish { $0.added = [target] }
        }
        var handoff = try #require(scene.fixture.journal.handoff)
        try handoff.append(
            Entry(.publish, .accepted, target: target.name, message: "added", detail: ["target": target.json]),
            at: scene.fixture.simulation.now, by: scene.publish)
        #expect(throws: HandoffError.self) { try State(handoff, trust: scene.fixture.trust) }
        scene.act(as: scene.create)
        try scene.fixture.journal.append(
            Entry(.create, .accepted, target: target.name, message: "added", detail: ["target": target.json]))
        #expect(try scene.fixture.state().plan.target(target.name) == target)
    }

    @Test("whoever retires says how old a verification may be, and not what it has to show or to run")
    func rulesOfRetirement() throws {
        let scene = try Scene()
        let rules: JSONValue = ["verify": ["valid_for": "2h", "probes": [["command": ["run": ["/bin/evil"]]]]]]
        try scene.fixture.journal.append(
            Entry(.retire, .accepted, message: "took over rules", detail: ["rules": rules]))
        let plan = try scene.fixture.state().plan
        #expect(plan.verify.validFor == Interval(seconds: 7200))
        #expect(plan.verify.probes == scene.fixture.plan.verify.probes)
    }

    @Test(
        "only whoever may create accepts a plan that is not that of ork.yaml", arguments: [StepName.create, .publish])
    func acceptedDifferences(step: StepName) throws {
        var scene = try Scene()
        scene.act(as: step == .create ? scene.create : scene.publish)
        try scene.fixture.journal.append(
            Entry(step, .accepted, message: "accepted", detail: ["differences": ["targets.web: only in the handoff"]]))
        #expect(try scene.fixture.state().acceptedDifferences.count == (step == .create ? 1 : 0))
    }

    @Test("create deletes no key of another lineage that is being minted, whoever names it")
    func otherLineagesMinting() throws {
        let fixture = try RotationFixture()
        fixture.refused(.unreachable) { () throws(StepError) in
            try fixture.create(FakeTransport(fixture.simulation, faults: [2: .drop]))
        }
        let name = "billing-batch 2026-11-23 ork:01JDB000000000000000000000 minting"
        let hash = fixture.simulation.with { simulated in
            simulated.sandbox.addKey(name: name, limit: 0, at: simulated.now).hash
        }
        try fixture.journal.append(
            Entry(
                .create, .intended, message: "about to mint",
                detail: ["name": .string(name), "abandons": [.string(hash)]]))
        try fixture.create()
        #expect(fixture.simulation.value.sandbox.key(hash)?.deletedAt == nil)
    }

    @Test("a key in use is not deleted because somebody gave it the mark", arguments: [false, true])
    func markedKey(supersedes: Bool) throws {
        let fixture = try RotationFixture()
        let name = RotationFixture.base + " 2026-11-20 ork:01JDB000000000000000000000 minting"
        let hash = fixture.simulation.with { simulated in
            let key = simulated.sandbox.addKey(
                name: name, limit: 25, limitReset: .monthly, at: simulated.now.addingTimeInterval(-90 * 86400))
            simulated.sandbox.use(key.hash, cost: 1, at: simulated.now.addingTimeInterval(-60))
            return key.hash
        }
        if supersedes {
            try fixture.create { $0.supersedes = true }
        } else {
            fixture.refused(.notYet, "another rotation") { () throws(StepError) in try fixture.create() }
        }
        #expect(fixture.simulation.value.sandbox.key(hash)?.disabled == false)
    }

    @Test("a decoy gives its limit to no successor; whoever names the key that counts decides")
    func decoy() throws {
        let fixture = try RotationFixture()
        fixture.simulation.with { simulated in
            _ = simulated.sandbox.addKey(name: RotationFixture.base, limit: nil, at: simulated.now)
        }
        fixture.refused(.failed, "differ in their limit") { () throws(StepError) in
            try fixture.create { $0.supersedes = true }
        }
        #expect(fixture.simulation.writes() == [])
        let hash = try #require(KeyHash(fixture.simulation.value.keys[0].hash))
        try fixture.create {
            $0.supersedes = true
            $0.plan.predecessor = .hash(hash)
        }
        #expect(try fixture.state().header.predecessors.last?.hash == hash)
        let successor = try #require(try fixture.state().created)
        #expect(fixture.simulation.value.sandbox.key("\(successor.hash)")?.limit == 25)
    }
}
