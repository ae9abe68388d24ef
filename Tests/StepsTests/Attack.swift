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
import Testing
import Timestamps

/// Somebody who has all secrets of one stage, and writes what the other stages read.
struct Attack {
    private var stages: Stages
    private let attacker: Attacker
    /// Signs where the attacker has nothing that is trusted for the step.
    private let own: Identity

    init(_ attacker: Attacker, _ separation: Stages.Separation) throws {
        self.attacker = attacker
        stages = try Stages(separation, waves: ["web": 1])
        own = try attacker.step.map(stages.identity) ?? Identity.generate()
    }

    private func signer(_ step: StepName) throws -> Identity {
        let rightful = try stages.identity(step)
        return rightful.publicIdentity == own.publicIdentity ? rightful : own
    }

    /// Whether another stage does what the attacker wants.
    mutating func reaches(_ goal: Goal) throws -> Bool {
        guard goal.victim != attacker.step else { return false }
        switch goal {
        case .retireOtherLineage: return try retiresOtherLineage()
        case .retireUnverified: return try retiresUnverified()
        case .retireUnapproved: return try retiresUnapproved()
        case .retireInUse: return try retiresInUse()
        case .publishElsewhere: return try publishesElsewhere()
        case .publishOwnKey: return try publishesOwnKey()
        case .runProgram: return try runsProgram()
        case .readSuccessor: return try readsSuccessor()
        case .inheritOtherLimit: return try inheritsOtherLimit()
        }
    }
}

/// The ways to write a handoff.
extension Attack {
    /// A handoff with one more record, in the name of its step and in that of the attacker's.
    private func adding(_ entries: [Entry], to handoff: Handoff) throws -> [Handoff] {
        try [nil, attacker.step].map { step in
            var forged = handoff
            for var entry in entries {
                entry.step = step ?? entry.step
                try forged.append(entry, at: stages.fixture.simulation.now, by: signer(entry.step))
            }
            return forged
        }
    }

    /// The handoff under another header, every record signed anew.
    private func rewriting(
        _ handoff: Handoff, _ change: (inout JSONObject) -> Void, record: (inout Entry) -> Void = { _ in }
    ) throws -> Handoff {
        var forged = try handoff.edited { json in
            var header = try #require(json["rotation"]?.object)
            change(&header)
            json["rotation"] = .object(header)
            json["records"] = []
        }
        for old in handoff.records {
            var entry = Entry(old.step, old.event, target: old.target, message: old.message, detail: old.detail)
            record(&entry)
            if let writes = entry.detail["writes"]?.object, let last = forged.records.last(where: { $0.target != nil })
            {
                entry.detail["writes"] = .object(
                    writes.members.reduce(into: [:]) { $0[$1.key] = .string("\(last.digest)") })
            }
            try forged.append(entry, at: old.at, by: signer(entry.step))
        }
        return forged
    }

    private var predecessorIsDisabled: (RotationFixture) -> Bool {
        { $0.predecessor.map { $0.disabled || $0.deletedAt != nil } ?? true }
    }

    /// Whether any of these handoffs makes a stage do it.
    private func any(
        _ step: StepName, _ handoffs: [Handoff], _ run: (RotationFixture) throws -> Void,
        _ isReached: (RotationFixture) -> Bool
    ) throws -> Bool {
        try handoffs.contains { handoff in
            let victim = try stages.copy(step, handoff)
            try? run(victim)
            return isReached(victim)
        }
    }
}

/// What is tried.
extension Attack {
    private mutating func publish() throws {
        try stages.run(.create) { try $0.create() }
        try stages.run(.publish) { try $0.publish() }
        stages.fixture.simulation.pass(5)
        stages.fixture.simulation.with { $0.useAll() }
    }

    private mutating func retiresOtherLineage() throws -> Bool {
        try publish()
        try stages.verify()
        try stages.becomeQuiet()
        let other: JSONValue = ["hash": .string("\(stages.other)"), "name": "billing-batch"]
        let handoffs = try (0..<3).map { depth in
            try rewriting(try stages.handoff) { header in
                header["predecessors"] = .array([other] + (depth > 0 ? [] : header["predecessors"]?.array ?? []))
                if depth > 0 { header["base"] = "billing-batch" }
                var plan = header["plan"]?.object ?? [:]
                if depth > 1 { plan["predecessor"] = ["name": "billing-batch"] }
                header["plan"] = .object(plan)
            }
        }
        let name = "\(stages.other)"
        return try any(.retire, handoffs, { victim in try victim.retire { $0.isCompromised = true } }) { victim in
            victim.simulation.value.sandbox.key(name)?.disabled ?? true
        }
    }

    /// The record that everything works, and an approval of it.
    private func evidence(_ state: State) throws -> [Entry] {
        let created = try #require(state.created)
        let writes = state.targets.compactMap { name, target in target.held.map { (name.description, "\($0.digest)") } }
        return [
            Entry(
                .verify, .verified, message: "all is well",
                detail: [
                    "digest": .string("\(created.digest)"), "adoption": "seen",
                    "writes": .object(writes.reduce(into: [:]) { $0[$1.0] = .string($1.1) }),
                ]), try approval(state),
        ]
    }

    private func approval(_ state: State) throws -> Entry {
        let binding = try #require(state.approvalBinding)
        return Entry(.approve, .approved, message: "approved", detail: ["binds": .string("\(binding)")])
    }

    private mutating func retiresUnverified() throws -> Bool {
        try publish()
        try stages.run(.retire) { stage in stage.refused(.notYet) { () throws(StepError) in try stage.retire() } }
        stages.fixture.simulation.pass(3700)
        let handoff = try stages.handoff
        let evidence = try evidence(State(handoff, trust: nil))
        let handoffs = try adding(evidence, to: handoff) + adding([evidence[0]], to: handoff)
        return try any(.retire, handoffs, { try $0.retire() }, predecessorIsDisabled)
    }

    private mutating func retiresUnapproved() throws -> Bool {
        guard stages.separation == .gated else { return false }
        try publish()
        try stages.verify()
        try stages.run(.retire) { stage in stage.refused(.notYet) { () throws(StepError) in try stage.retire() } }
        stages.fixture.simulation.pass(3700)
        let handoff = try stages.handoff
        let open = try rewriting(handoff) { $0["requires"] = nil }
        let handoffs = try [open] + adding([approval(State(handoff, trust: nil))], to: handoff)
        return try any(.retire, handoffs, { try $0.retire() }, predecessorIsDisabled)
    }

    /// The attacker says that the predecessor was quiet for two hours. With `isUsed` an application uses it still.
    /// With `obeysFile` the rules of retirement are not the attacker's to write.
    mutating func retiresInUse(isUsed: Bool = true, obeysFile: Bool = false) throws -> Bool {
        try publish()
        try stages.verify()
        try stages.approve()
        stages.fixture.simulation.pass(2 * 3600)
        let key = try #require(stages.fixture.predecessor)
        let now = stages.fixture.simulation.now
        if isUsed { stages.fixture.simulation.with { [hash = key.hash] in $0.sandbox.use(hash, cost: 1, at: $0.now) } }
        // What ork-retire reads now, as it would stand in a record of two hours ago.
        let reader = try stages.copy(.retire, stages.handoff)
        try? reader.retire()
        let record = try #require(reader.journal.handoff?.records.last { $0.event == .observed })
        var detail = record.detail
        detail["at"] = .string(now.addingTimeInterval(-7200).rfc3339)
        let readings = [StepName.create, .retire].map {
            Entry($0, .observed, message: record.message, detail: detail)
        }
        // Or that nobody has to wait.
        let hasty: JSONValue = ["retire": ["overlap": "0s", "quiet_for": "0s", "soak": "0s", "accept_idle": true]]
        let rules = [StepName.create, .retire].map { Entry($0, .accepted, message: "rules", detail: ["rules": hasty]) }
        let handoffs = try (obeysFile ? readings : readings + rules).flatMap { try adding([$0], to: stages.handoff) }
        return try any(.retire, handoffs, { try $0.retire() }, predecessorIsDisabled)
    }

    private mutating func publishesElsewhere() throws -> Bool {
        try stages.run(.create) { try $0.create() }
        var target = try RotationFixture.target("elsewhere")
        target.with["create"] = true
        let entry = Entry(
            .create, .accepted, target: target.name, message: "added", detail: ["target": target.json])
        let handoffs =
            try adding([entry], to: stages.handoff) + [
                rewriting(stages.handoff) { header in
                    var plan = header["plan"]?.object ?? [:]
                    plan["targets"] = ["elsewhere": target.json]
                    header["plan"] = .object(plan)
                }
            ]
        return try any(.publish, handoffs, { try $0.publish() }) { $0.simulation.value.places["elsewhere"] != nil }
    }

    private mutating func publishesOwnKey() throws -> Bool {
        try stages.run(.create) { try $0.create() }
        let key = stages.fixture.simulation.with { simulated in
            simulated.sandbox.addKey(name: "the attacker's", limit: 25, at: simulated.now).key
        }
        let box = try SealedSecret(key, to: stages.identity(.publish).publicIdentity)
        let digest = Digest(of: key)
        var swapped = try stages.handoff
        swapped.seal([box])
        var forged = try rewriting(stages.handoff, { _ in }) { entry in
            guard entry.event == .created || entry.event == .minted else { return }
            entry.detail["digest"] = .string("\(digest)")
            entry.detail["hash"] = .string("\(KeyHash(documentedFor: digest))")
        }
        forged.seal([box])
        return try any(.publish, [swapped, forged], { try $0.publish() }) { victim in
            victim.simulation.value.places["web"].map { Digest(of: $0) } == digest
        }
    }

    private mutating func runsProgram() throws -> Bool {
        try publish()
        let verify: JSONValue = ["probes": [["command": ["run": ["/bin/evil"]]]]]
        let handoff = try stages.handoff
        let handoffs = try [StepName.create, .publish, .verify, .retire].flatMap { step in
            try adding([Entry(step, .accepted, message: "rules", detail: ["rules": ["verify": verify]])], to: handoff)
        }
        return try handoffs.contains { handoff in
            let victim = try stages.copy(.verify, handoff)
            do throws(StepError) {
                try victim.verify(programs: FakeProbes(problem: "ran"))
                return false
            } catch { return error.message.contains("/bin/evil") }
        }
    }

    private mutating func readsSuccessor() throws -> Bool {
        try stages.run(.create) { try $0.create() }
        let handoff = try stages.handoff
        let created = try #require(try State(handoff, trust: nil).created)
        return handoff.sealed.contains { $0.open(with: own, expecting: created.digest) != nil }
    }

    /// The creation was interrupted, and is resumed with what the attacker has made of its handoff.
    private mutating func inheritsOtherLimit() throws -> Bool {
        let transport = FakeTransport(stages.fixture.simulation, faults: [2: .drop])
        try stages.run(.create) { stage in
            stage.refused(.unreachable) { () throws(StepError) in try stage.create(transport) }
        }
        let other: JSONValue = ["hash": .string("\(stages.other)"), "name": "billing-batch"]
        let handoff = try rewriting(stages.handoff) { header in
            header["predecessors"] = .array((header["predecessors"]?.array ?? []) + [other])
        }
        return try any(.create, [handoff], { try $0.create() }) { victim in
            victim.simulation.value.keys.contains { $0.name.contains(" ork:") && $0.limit == 5 }
        }
    }
}
