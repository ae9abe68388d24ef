import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Sodium
import Steps
import TestSupport
import Testing
import Timestamps

/// What one run of a step did on the outside, and how it ended.
struct Effects: Sendable {
    let before: SimulatedState
    let after: SimulatedState
    let error: StepError?
    /// Everything that was told.
    let told: [String]
    /// Who was asked over HTTP, and which targets' publishers.
    let hosts: Set<String>
    let targets: Set<String>

    init(of step: StepRun, in stages: Stages, _ handoff: Handoff) throws {
        let stage = try stages.copy(step.stage, handoff)
        let transport = FakeTransport(stage.simulation)
        before = stage.simulation.value
        do throws(StepError) {
            try step.run(stage, transport)
            error = nil
        } catch {
            self.error = error
        }
        after = stage.simulation.value
        told = stage.announcements.all.compactMap { announcement in
            switch announcement {
            case .doing(let text), .done(let text), .warning(let text): text
            case .waiting, .waited: nil
            }
        }
        hosts = Set(transport.exchanges.joined().map(\.url.host))
        targets = Set(stage.publishers.asked.map(\.target))
    }

    /// The keys that may be used afterwards.
    var live: Set<String> { Set(after.keys.filter { !$0.disabled }.map(\.hash)) }
    /// The keys that there were not before.
    var minted: [ProviderKey] { after.keys.filter { before.sandbox.key($0.hash) == nil } }
    /// The places that hold something else than before.
    var written: Set<String> {
        Set(before.places.merging(after.places) { $1 }.keys.filter { before.places[$0] != after.places[$0] })
    }
    var isIdle: Bool {
        written.isEmpty && minted.isEmpty && before.keys.map(\.name) == after.keys.map(\.name)
            && before.keys.map(\.disabled) == after.keys.map(\.disabled)
    }
}

extension Handoff {
    /// Whether both hold the same records and boxes, in whatever order.
    fileprivate func saysTheSame(as other: Handoff) -> Bool {
        header.digest == other.header.digest && Set(records.map(\.digest)) == Set(other.records.map(\.digest))
            && Set(sealed) == Set(other.sealed)
    }
}

extension SimulatedState {
    /// All that a step could change of a key.
    func standing(_ hash: String) -> [String] {
        guard let key = sandbox.key(hash) else { return [] }
        return [key.name, "\(key.limit as Any)", "\(key.disabled)", "\(key.deletedAt as Any)"]
    }
}

/// One mutant before all steps.
struct Trial {
    let mutant: [UInt8]
    let moment: MutantTests.Moment
    let description: String

    init(mutant: [UInt8], of moment: MutantTests.Moment, description: String) {
        self.mutant = mutant
        self.moment = moment
        self.description = description
    }

    /// Whether it is refused: by all steps when it is read, or at the latest by the one that opens a box. A step that comes to
    /// wait refuses, too.
    func run() throws -> Bool {
        let handoff: Handoff
        let state: State
        do throws(HandoffError) {
            handoff = try Handoff(parsing: mutant)
            state = try State(handoff, trust: moment.stages.fixture.trust)
        } catch {
            check(StepError(error))
            return true
        }
        if handoff.saysTheSame(as: moment.handoff) { return false }
        // Whoever signs for create may write a header.
        if state.header.digest == moment.state.header.digest { check(state) }
        var refusals = 0
        for step in StepRun.allCases {
            let effects = try Effects(of: step, in: moment.stages, handoff)
            check(effects, step)
            let refuses = [.unacceptable, .notYet].contains(effects.error?.code)
            if refuses, effects.error?.code != moment.originals[step]?.error?.code {
                refusals += 1
            }
        }
        return refusals > 0
    }

    /// What the records say permits no more than what those of the original say.
    private func check(_ state: State) {
        let original = moment.state
        #expect(state.plan.json == original.plan.json, "\(description)")
        #expect(state.created == nil || state.created?.hash == original.created?.hash, "\(description)")
        #expect(state.created == nil || state.created?.digest == original.created?.digest, "\(description)")
        #expect(
            state.disabled.union(state.deleted).isSubset(of: original.disabled.union(original.deleted)),
            "\(description)")
        for step in [StepName.publish, .retire] where state.isApproved(for: step) {
            #expect(original.isApproved(for: step), "\(description)")
        }
    }

    private func check(_ effects: Effects, _ step: StepRun) {
        let place = "\(description), \(step.rawValue)"
        guard let original = moment.originals[step] else { return }
        if let error = effects.error { check(error, step) }
        for text in effects.told { expectNoSecret(text, place) }
        // Whatever was live stays so, unless the original lets this step disable or delete it.
        let unused = effects.before.keys.filter { $0.name.hasSuffix(" minting") }.map(\.hash)
        let live = effects.before.keys.filter { !$0.disabled }.map(\.hash)
        for hash in live where original.live.contains(hash) && !unused.contains(hash) {
            #expect(effects.live.contains(hash), "disabled or deleted: \(place)")
        }
        let enabled = effects.live.subtracting(live).subtracting(effects.minted.map(\.hash))
        #expect(enabled.isSubset(of: original.live), "enabled: \(place)")
        let other = "\(moment.stages.other)"
        #expect(effects.after.standing(other) == effects.before.standing(other), "another lineage: \(place)")
        #expect(effects.after.outages == effects.before.outages, "an outage: \(place)")
        // A key like the predecessor, at most one, and only by create.
        #expect(effects.minted.count <= (step == .create ? 1 : 0), "minted: \(place)")
        for key in effects.minted {
            #expect(key.name.hasPrefix(RotationFixture.base + " ") && key.limit == 25, "minted \(key.name): \(place)")
        }
        // The successor and nothing else, where the plan says; on the way back, the predecessor.
        #expect(effects.written.isSubset(of: ["canary", "web"]), "\(place)")
        for name in effects.written {
            let digest = effects.after.places[name].map { Digest(of: $0) }
            let predecessor = moment.state.header.predecessors.last.flatMap { Digest(hex: $0.hash.description) }
            let allowed = [StepName.publish: moment.state.created?.digest, .rollback: predecessor][step.stage] ?? nil
            #expect(digest == allowed, "\(name) is written: \(place)")
        }
        #expect(effects.hosts.isSubset(of: ["openrouter.ai", "shop.example"]), "\(effects.hosts): \(place)")
        #expect(effects.targets.isSubset(of: ["canary", "web"]), "\(effects.targets): \(place)")
        if effects.error?.code == .unacceptable { #expect(effects.isIdle, "\(place)") }
    }

    /// A refusal is one sentence for people, which shows nothing secret.
    private func check(_ error: StepError, _ step: StepRun? = nil) {
        if step == nil { #expect(error.code == .unacceptable, "\(description)") }
        for text in [error.message] + [error.hint].compactMap(\.self) {
            #expect(!text.isEmpty && text.count < 500, "\(text.count) characters: \(description)")
            #expect(DisplayText.line(text, limit: .max) == text, "\(text.debugDescription): \(description)")
            expectNoSecret(text, description)
        }
    }

    private func expectNoSecret(_ text: String, _ place: String) {
        for secret in moment.secrets {
            #expect(!secret.isFound(Array(text.utf8)), "the \(secret.name) is shown: \(place)")
        }
    }
}
