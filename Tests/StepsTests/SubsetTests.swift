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
import Synchronization
import TestSupport
import Testing
import Timestamps

/// Records can only withhold permission: with any subset of them a step refuses, or does what all of them permit.
@Suite(.tags(.values)) struct SubsetTests {
    /// The places of the records that are kept: every prefix, then seeded random choices, closed under `after` or not.
    private static func subsets(of handoff: Handoff) -> [Set<Int>] {
        let records = handoff.records
        var subsets = (0...records.count).map { Set(0..<$0) }
        var random = SplitMix64(seed: UInt64(records.count))
        for number in 0..<16 {
            var kept = Set(records.indices.filter { _ in random.next() % 5 != 0 })
            if number % 4 != 0 {
                // Take away whatever follows a record that is not there.
                for (index, record) in records.enumerated() {
                    let gone = Set(records.indices.filter { !kept.contains($0) }.map { records[$0].digest })
                    if record.after.contains(where: gone.contains) { kept.remove(index) }
                }
            }
            subsets.append(kept)
        }
        return subsets
    }

    @Test("no subset of the records permits more than all of them", arguments: stories)
    func subsets(story: Story) throws {
        let fixture = try story.tell()
        let handoff = try #require(fixture.journal.handoff)
        #expect(fixture.simulation.value.outages == [])
        var tried = 0
        for kept in Self.subsets(of: handoff) {
            let part = try handoff.keeping { kept.contains($0) }
            for step in StepRun.routine {
                let whole = fixture.copied(handoff)
                let less = fixture.copied(part)
                _ = step.code(whole)
                let code = step.code(less)
                tried += 1
                let place = "\(step.rawValue) with records \(kept.sorted()) of \(handoff.records.count)"
                let before = fixture.simulation.value
                let after = less.simulation.value
                if !story.takesBack { #expect(after.outages == before.outages, "an outage: \(place)") }
                // Nothing is disabled or deleted that the whole set would not permit now.
                let permitted = Set(whole.simulation.value.keys.filter { !$0.disabled }.map(\.hash))
                let own = Set(before.keys.filter { $0.name.hasSuffix(" minting") }.map(\.hash))
                for key in before.keys where !key.disabled && !own.contains(key.hash) && !story.takesBack {
                    guard permitted.contains(key.hash) else { continue }
                    #expect(after.sandbox.key(key.hash)?.disabled == false, "disabled: \(place)")
                    #expect(after.sandbox.key(key.hash)?.deletedAt == nil, "deleted: \(place)")
                }
                // One new key at the most, and only where create goes through or keeps it in its handoff.
                let fresh = after.keys.filter { before.sandbox.key($0.hash) == nil }
                #expect(fresh.count <= (step == .create ? 1 : 0), "minted: \(place)")
                if code != nil { #expect(fresh.isEmpty, "minted: \(place)") }
                // A target that held a live key of this rotation still does, or the successor.
                for (place, secret) in before.places where less.simulation.value.places[place] != secret {
                    #expect([.publish, .publishAll, .rollback].contains(step), "\(place)")
                }
                // A way back that is at its end drops them, and a new key comes in one.
                let isKept = !part.sealed.isEmpty && !(less.known?.isRolledBack ?? false)
                let isSealed = isKept || !fresh.isEmpty
                #expect((less.journal.handoff?.sealed.isEmpty ?? true) != isSealed, "\(place)")
                // What refuses for the handoff's sake has changed nothing.
                if code == .unacceptable {
                    #expect(after.sandbox.keys.map(\.name) == before.sandbox.keys.map(\.name), "\(place)")
                    #expect(after.places == before.places, "\(place)")
                }
            }
        }
        print("tried \(tried) subsets and steps of: \(story.testDescription)")
    }

    @Test(
        "an application that still uses the successor keeps it on the way back, whatever is cut off", arguments: stories
    )
    func rollbackKeeps(story: Story) throws {
        let fixture = try story.tell()
        let handoff = try #require(fixture.journal.handoff)
        let successor = fixture.simulation.value.places.values.first {
            fixture.simulation.value.sandbox.hash(of: $0) == fixture.known?.created?.hash.description
        }
        // It reads the key from where no target is.
        fixture.simulation.with { [successor] in $0.places["unknown"] = successor }
        try requireService(fixture, handoff) { try $0.rollback() }
    }

    @Test("an application that still uses the predecessor keeps it, whatever is cut off", arguments: stories)
    func quietKeeps(story: Story) throws {
        let fixture = try story.tell()
        let handoff = try #require(fixture.journal.handoff)
        try requireService(fixture, handoff) { try $0.retire() }
    }

    /// Whatever records are missing, a step that is run again and again while everything is in use breaks nothing.
    private func requireService(
        _ fixture: RotationFixture, _ handoff: Handoff, _ step: (RotationFixture) throws -> Void
    ) throws {
        for kept in Self.subsets(of: handoff) {
            let less = fixture.copied(try handoff.keeping { kept.contains($0) })
            for _ in 1...3 {
                less.simulation.with { $0.useAll() }
                less.simulation.pass(1)
                try? step(less)
                less.simulation.pass(3700)
                #expect(less.simulation.value.outages == fixture.simulation.value.outages, "\(kept.sorted())")
            }
        }
    }
}
