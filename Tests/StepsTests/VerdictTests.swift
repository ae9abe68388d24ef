import FoundationEssentials
import JSON
import OpenRouter
import OpenRouterSandbox
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Steps
import TestSupport
import Testing
import Timestamps

/// What is said of the successor is what was looked at, and what a look has found leads on.
@Suite(.tags(.values)) struct VerdictTests {
    private func name(_ text: String) throws -> PlanName { try #require(PlanName(text)) }

    /// What can be looked at, and the sentence about it.
    struct Sight: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let hasKey: Bool
        let unreadable: Set<String>
        let hasProbe: Bool
        /// `NAME` stands for the successor; `nil` where nothing can be said.
        let sentence: String?

        init(_ description: String, hasKey: Bool, unreadable: Set<String> = [], probe: Bool = false, _ text: String?) {
            testDescription = description
            self.hasKey = hasKey
            self.unreadable = unreadable
            hasProbe = probe
            sentence = text
        }
    }

    private static let blind = "OpenRouter was not asked, as the key is not at hand"
    private static let health = "probe https://shop.example/health passes"

    static let sights: [Sight] = [
        Sight("everything", hasKey: true, "NAME works at api, web"),
        Sight(
            "a target that cannot be read", hasKey: true, unreadable: ["web"],
            "NAME works at api; not seen at web, which cannot be read back"),
        Sight(
            "the key alone", hasKey: true, unreadable: ["api", "web"],
            "OpenRouter accepts NAME; not seen at api, web, which cannot be read back"),
        Sight("the targets alone", hasKey: false, "api, web hold NAME; \(blind)"),
        Sight(
            "one target alone", hasKey: false, unreadable: ["web"],
            "api holds NAME; not seen at web, which cannot be read back; \(blind)"),
        Sight(
            "an application alone", hasKey: false, unreadable: ["api", "web"], probe: true,
            "\(health); not seen at api, web, which cannot be read back; \(blind)"),
        Sight("nothing", hasKey: false, unreadable: ["api", "web"], nil),
    ]

    @Test("a verification says what was looked at, and never that the successor works unseen", arguments: sights)
    func sentence(sight: Sight) throws {
        let fixture = try RotationFixture.published(waves: ["api": 1, "web": 1]) { plan in
            if sight.hasProbe { plan.verify.probes = [.http(url: "https://shop.example/health", expect: [200])] }
        }
        if !sight.hasKey { try fixture.verify { $0.dropsSecret = true } }
        fixture.simulation.with { $0.unreadable = sight.unreadable }
        let count = fixture.events.count
        guard let sentence = sight.sentence else {
            fixture.refused(.unacceptable, "nothing can be looked at") { () throws(StepError) in try fixture.verify() }
            #expect(!fixture.events.dropFirst(count).contains(.verified))
            return
        }
        try fixture.verify()
        let name = try #require(try fixture.state().created?.name)
        let expected = sentence.split(separator: "NAME", omittingEmptySubsequences: false).joined(separator: name)
        #expect(fixture.announcements.done.last == "verified: \(expected)")
        let record = try #require(fixture.journal.handoff?.records.last { $0.event == .verified })
        #expect(record.message == expected)
        #expect(record.detail["evidence"]?["key"]?.bool == sight.hasKey)
        #expect(record.detail["evidence"]?["unread"]?.array?.count == sight.unreadable.count)
    }

    @Test(
        "a failed look withholds retirement until a later one passes, with the key and without it",
        arguments: [false, true])
    func failedLook(dropsSecret: Bool) throws {
        let fixture = try quiet()
        try fixture.verify { $0.dropsSecret = dropsSecret }
        fixture.simulation.with { $0.troubles["web"] = [.unknownAndNotWritten, .reject(.denied)] }
        for _ in 1...2 {
            fixture.refused(.failed, "target web") { () throws(StepError) in try fixture.verify() }
            fixture.refused(.notYet, "target web") { () throws(StepError) in try fixture.retire() }
        }
        // Between the tries of --wait as well.
        fixture.simulation.with { $0.troubles["web"] = [.unknownAndNotWritten] }
        _ = try Waiting(upTo: Interval(seconds: 600), clock: fixture.simulation, tell: { _ in })
            .run { () throws(StepError) in try fixture.verify() }
        fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.retire() }
    }

    /// A hand at a target, what verification then says, and what the record says of it.
    static let losses: [(held: String, seen: String, next: String)] = [
        ("predecessor", "holds the predecessor again", "ork-publish"), ("nothing", "holds nothing", "ork-publish"),
        ("other", "holds another value", "ork-verify"),
    ]

    @Test("a target that lost the successor is written again by one command, in whatever wave", arguments: losses)
    func rewriting(held: String, seen: String, next: String) throws {
        let fixture = try RotationFixture(waves: ["canary": 1, "web": 2, "worker": 2])
        let predecessor = fixture.simulation.value.places["web"]
        try fixture.create()
        try fixture.publishAndVerify()
        fixture.simulation.with { [predecessor] simulated in
            simulated.places["web"] = ["predecessor": predecessor, "other": Secret("else")][held] ?? nil
        }
        fixture.refused(.failed, "target web") { () throws(StepError) in try fixture.verify() }
        let record = try #require(fixture.journal.handoff?.records.last { $0.target?.description == "web" })
        #expect(record.message.hasPrefix("target web: \(seen)"))
        #expect(record.detail["held"]?.string == held)
        #expect(try fixture.state().next == next)
        let error = fixture.refused(.notYet, seen) { () throws(StepError) in try fixture.retire() }
        let web = try name("web")
        let accepts = held == "other"
        #expect(error?.hint?.contains(accepts ? "`ork-publish --accept-target web`" : "`ork-publish`") == true)
        try fixture.publish { if accepts { $0.acceptedTargets = [web] } }
        try fixture.verify()
        #expect(fixture.simulation.value.outages == [])
        #expect(try fixture.state().phase == .verified)
    }

    @Test("no message tells to overwrite what may be a newer rotation's key")
    func olderHandoff() throws {
        let older = try RotationFixture.published()
        let newer = older.beside()
        try newer.create { $0.supersedes = true }
        try newer.publish()
        let error = older.refused(.failed, "target web") { () throws(StepError) in try older.verify() }
        #expect(error?.hint?.contains("`ork-retire --dry-run`") == true)
        let answer = older.refused(.failed, "does not know") { () throws(StepError) in try older.retire(dryRun: true) }
        for hint in [error?.hint, answer?.hint] { #expect(hint?.contains("--accept-target") == false) }
        // When the newer one has retired the older one's key, that is told as well.
        newer.simulation.with { $0.useAll() }
        try newer.verify()
        try newer.retireWaiting()
        let late = older.refused(.failed, "has no key") { () throws(StepError) in try older.retire(dryRun: true) }
        #expect(late?.hint?.contains("newer rotation") == true)
    }

    @Test("a target that is let go of is asked nothing any more, and the others everything", arguments: [false, true])
    func abandoning(isCompromised: Bool) throws {
        let fixture = try RotationFixture(waves: ["api": 1, "web": 1])
        let api = try name("api")
        try fixture.create()
        fixture.simulation.with { $0.troubles["api"] = [.reject(.unavailable)] }
        #expect(throws: StepError.self) { try fixture.publish { $0.only = [api] } }
        let abandon = { (names: Set<PlanName>) throws(StepError) in
            try fixture.retire {
                $0.abandonedTargets = names
                $0.isCompromised = isCompromised
            }
        }
        fixture.refused(.usage, "no target") { () throws(StepError) in try abandon([PlanName("nowhere") ?? api]) }
        // The other one does not have the successor either.
        let error = fixture.refused(.notYet, "web is not") { () throws(StepError) in try abandon([api]) }
        #expect(error?.message.contains("api") == false)
        #expect(try fixture.state().abandonedTargets == [api])
        try fixture.publish()
        #expect(try fixture.state().isPublished)
        if !isCompromised {
            fixture.simulation.with { $0.useAll() }
            fixture.refused(.notYet, "verified at all targets") { () throws(StepError) in try fixture.retire() }
            try fixture.verify()
        }
        try fixture.retireWaiting { $0.isCompromised = isCompromised }
        #expect(fixture.predecessor?.deletedAt != nil)
        #expect(try fixture.state().isSealed)
        // It comes back.
        try fixture.publish { $0.only = [api] }
        #expect(try fixture.state().abandonedTargets == [])
        try fixture.verify()
        #expect(try !fixture.state().isSealed)
        #expect(fixture.simulation.value.outages == [])
    }

    @Test("letting go of a target voids an approval that was given before")
    func abandoningVoidsApproval() throws {
        var fixture = try RotationFixture(waves: ["api": 1, "web": 1])
        fixture.trust = Trust([.approve: [fixture.identity.publicIdentity]], fallback: fixture.identity.publicIdentity)
        fixture.journal = MemoryJournal(nil, fixture.identity, fixture.trust, fixture.simulation)
        try fixture.create()
        try fixture.publishAndVerify()
        try fixture.approve()
        #expect(try fixture.state().isApproved(for: .retire))
        let api = try name("api")
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire { $0.abandonedTargets = [api] } }
        #expect(try !fixture.state().isApproved(for: .retire))
    }

    @Test("every target can be let go of only with a key that has leaked")
    func abandoningAll() throws {
        let fixture = try RotationFixture()
        let web = try name("web")
        try fixture.create()
        fixture.refused(.unacceptable, "no target is left") { () throws(StepError) in
            try fixture.retire { $0.abandonedTargets = [web] }
        }
        try fixture.retire {
            $0.abandonedTargets = [web]
            $0.isCompromised = true
        }
        #expect(fixture.predecessor?.deletedAt != nil)
        try fixture.publish { $0.only = [web] }
        #expect(fixture.simulation.value.outages == [])
    }

    @Test(
        "after a restoration the order of the records tells what is newer, not the clocks", arguments: [-600.0, 0, 600])
    func restoration(skew: TimeInterval) throws {
        var simulated = SimulatedState()
        simulated.skew = skew
        let fixture = try quiet(simulated)
        fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.retire() }
        try fixture.restore()
        #expect(try fixture.state().phase == .held)
        #expect(try fixture.state().next == "ork-verify")
        let hash = try #require(fixture.known?.header.predecessors.first?.hash)
        #expect(try fixture.state().status(of: hash) == "held")
        let error = fixture.refused(.notYet, "no verification has been made since") { () throws(StepError) in
            try fixture.retire { $0.again = true }
        }
        #expect(error?.hint?.contains("`ork-verify`") == true)
        try fixture.verify()
        #expect(try fixture.state().next == "ork-retire --again")
        fixture.simulation.pass(3700)
        fixture.refused(.notYet, "held") { () throws(StepError) in try fixture.retire() }
        fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.retire { $0.again = true } }
        #expect(fixture.predecessor?.disabled == true)
        #expect(try fixture.state().phase == .retiring)
    }

    @Test("what was compromised is not restored, and that is no success")
    func unrestorable() throws {
        let fixture = try RotationFixture.published()
        let transport = FakeTransport(fixture.simulation, faults: [5: .drop])
        #expect(throws: StepError.self) { try fixture.retire(transport) { $0.isCompromised = true } }
        #expect(fixture.predecessor?.disabled == true)
        fixture.refused(.failed, "stays disabled") { () throws(StepError) in try fixture.restore() }
    }
}
