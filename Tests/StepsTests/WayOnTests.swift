import OpenRouterSandbox
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Steps
import TestSupport
import Testing
import Timestamps

/// States from which the walks found no way on, or the wrong one.
@Suite(.tags(.values)) struct WayOnTests {
    private static func name(_ text: String) throws -> PlanName { try #require(PlanName(text)) }

    @Test func aPredecessorThatIsGoneEarlyDoesNotHideWhatIsLeftToPublish() throws {
        let fixture = try RotationFixture(waves: ["web": 1, "edge": 2])
        try fixture.create()
        try fixture.publish()
        fixture.simulation.with { simulated in
            simulated.sandbox.delete(simulated.keys[0].hash, at: simulated.now)
        }
        fixture.refused(.notYet, "not every target is known to hold") { () throws(StepError) in try fixture.retire() }
        #expect(try fixture.state().phase == .retiring)
        #expect(try fixture.state().next == "ork-verify")
        try fixture.verify()
        #expect(try fixture.state().next == "ork-publish")
        try fixture.publish()
        #expect(try fixture.state().next == "ork-verify")
    }

    @Test func whatIsMissingIsReachedByTheCommandThatIsReallyNext() throws {
        let fixture = try RotationFixture(waves: ["web": 1, "edge": 2])
        try fixture.create()
        try fixture.publish()
        let error = fixture.refused(.notYet, "edge is not") { () throws(StepError) in try fixture.retire() }
        #expect(error?.hint?.hasPrefix("run `ork-verify`, then `ork-publish` for the next wave") == true)
        let leaked = fixture.refused(.notYet, "edge is not") { () throws(StepError) in
            try fixture.retire { $0.isCompromised = true }
        }
        #expect(leaked?.hint?.hasPrefix("run `ork-publish --all`, then `ork-retire --compromised`") == true)
    }

    @Test func aConflictBeforeItsTurnIsAcceptedTogetherWithItsTurn() throws {
        let fixture = try RotationFixture(waves: ["web": 1, "edge": 2])
        try fixture.create()
        fixture.simulation.with { $0.places["edge"] = SampleKeys.foreign }
        let error = fixture.refused(.failed, "edge (conflict)") { () throws(StepError) in
            try fixture.publish { $0.allWaves = true }
        }
        #expect(error?.hint?.contains("`ork-publish --all --accept-target edge`") == true)
        // Where its turn has come, its name is enough.
        try fixture.verify()
        let inTurn = fixture.refused(.failed, "edge (conflict)") { () throws(StepError) in try fixture.publish() }
        #expect(inTurn?.hint?.contains("`ork-publish --accept-target edge`") == true)
    }

    @Test func aDisablingWhoseRecordWasLostCanBeTakenBack() throws {
        let fixture = try quiet()
        // The reading of the meters stands already: the next write is the record of disabling.
        let broken = fixture.failing(1)
        #expect(throws: StepError.self) { try broken.retire() }
        #expect(fixture.predecessor?.disabled == true)
        fixture.refused(.notYet, "soaks until") { () throws(StepError) in try fixture.retire() }
        try fixture.restore()
        #expect(fixture.predecessor?.disabled == false)
        // Disabled by somebody's hand after that, it stays so.
        let hash = try #require(fixture.predecessor?.hash)
        fixture.simulation.with { $0.sandbox.setDisabled(hash, at: $0.now) }
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        fixture.refused(.failed, "stays disabled") { () throws(StepError) in try fixture.restore() }
    }

    @Test func aConflictIsCorrectedOrAccepted() throws {
        let fixture = try RotationFixture()
        try fixture.create()
        fixture.simulation.with { $0.places["web"] = SampleKeys.foreign }
        let error = fixture.refused(.failed, "web (conflict)") { () throws(StepError) in try fixture.publish() }
        #expect(
            error?.hint?.contains("`ork-create --amend --to web=memory:place=PLACE`") == true, "\(error?.hint ?? "")")
    }

    @Test func aYesForALaterWaveIsRefusedAndNotForgotten() throws {
        let fixture = try RotationFixture(waves: ["web": 1, "edge": 2])
        try fixture.create()
        let edge = try Self.name("edge")
        let error = fixture.refused(.notYet, "target edge is of wave 2, which comes after the waves before it") {
            () throws(StepError) in try fixture.publish { $0.acceptedTargets = [edge] }
        }
        #expect(error?.hint?.contains("`ork-publish --all --accept-target edge`") == true)
        #expect(fixture.publishers.asked.isEmpty)
        try fixture.publish {
            $0.acceptedTargets = [edge]
            $0.allWaves = true
        }
        #expect(try fixture.state().isPublished)
    }

    @Test func aTargetOfALaterWaveThatLostItIsWrittenWhereItIsAccepted() throws {
        let fixture = try RotationFixture(waves: ["web": 1, "edge": 2])
        let (web, edge) = (try Self.name("web"), try Self.name("edge"))
        try fixture.create()
        fixture.simulation.with { $0.places["web"] = SampleKeys.foreign }
        _ = try? fixture.publish { $0.allWaves = true }
        fixture.simulation.with { $0.places["edge"] = SampleKeys.foreign }
        _ = try? fixture.verify()
        fixture.refused(.failed, "edge (conflict), web (conflict)") { () throws(StepError) in try fixture.publish() }
        try fixture.publish { $0.acceptedTargets = [web, edge] }
        #expect(try fixture.state().isPublished)
    }

    /// A second live key, or one that was, and what stands in the way of retirement then.
    struct Neighbour: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let message: String
        let hint: String
        let hand: @Sendable (RotationFixture) throws -> Void
    }

    private static func supersede(_ fixture: RotationFixture, disabling: Bool) throws {
        fixture.simulation.pass(2)
        let other = fixture.beside()
        try other.create { $0.supersedes = true }
        guard disabling, let created = other.known?.created else { return }
        fixture.simulation.with { $0.sandbox.setDisabled(created.hash.description, at: $0.now) }
    }

    static let neighbours: [Neighbour] = [
        Neighbour(
            testDescription: "a key that somebody made by hand",
            message: "is a live key that this rotation does not know",
            hint: "give it a name of its own at openrouter.ai, then `ork-retire`; to replace it as well: `ork-create"
        ) { fixture in
            fixture.simulation.with { _ = $0.sandbox.addKey(name: "checkout-prod", limit: 1, at: $0.now) }
        },
        Neighbour(
            testDescription: "a newer rotation's", message: "is a live key that this rotation does not know",
            hint:
                "a newer rotation made it: go on with its handoff; if that is lost, take all keys into one: `ork-create"
        ) { try supersede($0, disabling: false) },
        Neighbour(
            testDescription: "an older rotation's", message: "is a live key that this rotation does not know",
            hint: "does not know this one's key either, so neither can finish: take all keys into one: `ork-create"
        ) { fixture in
            let name = "checkout-prod 2025-01-01 ork:01JGFJJZ00ZZZZZZZZZZZZZZZZ"
            fixture.simulation.with { _ = $0.sandbox.addKey(name: name, limit: 1, at: $0.now) }
        },
        Neighbour(
            testDescription: "a newer rotation's that does not work",
            message: "which does not work: targets may hold it",
            hint: "if that rotation was given up, delete its key at openrouter.ai, run `ork-publish` and `ork-verify`"
        ) { try supersede($0, disabling: true) },
    ]

    @Test("another key of the name keeps the predecessor, and the hint knows whose it is", arguments: neighbours)
    func neighbour(neighbour: Neighbour) throws {
        let fixture = try RotationFixture.published()
        try fixture.verify()
        try neighbour.hand(fixture)
        let error = fixture.refused(.failed, neighbour.message) { () throws(StepError) in try fixture.retire() }
        #expect(error?.hint?.contains(neighbour.hint) == true, "\(error?.hint ?? "")")
        #expect(fixture.predecessor?.disabled == false)
    }

    @Test func aKeyOfTheSameNameThatCameMeanwhileIsNoRotationToWaitFor() throws {
        let fixture = try RotationFixture(waves: ["web": 1])
        fixture.refused(.unreachable) { () throws(StepError) in
            try fixture.create(FakeTransport(fixture.simulation, faults: [2: .drop]))
        }
        fixture.simulation.with { _ = $0.sandbox.addKey(name: "checkout-prod", limit: 1, at: $0.now) }
        let error = fixture.refused(.notYet, "another key of checkout-prod was created first") {
            () throws(StepError) in try fixture.create()
        }
        #expect(error?.hint?.hasPrefix("if it is another application's, give it a name of its own") == true)
    }

    @Test func supersedingAgainRefusesAKeyThatCameSince() throws {
        let fixture = try RotationFixture(waves: ["web": 1])
        try fixture.create { $0.supersedes = true }
        try fixture.create { $0.supersedes = true }
        fixture.simulation.with { _ = $0.sandbox.addKey(name: "checkout-prod", limit: 1, at: $0.now) }
        fixture.refused(.failed, "is a live key that this rotation does not know") { () throws(StepError) in
            try fixture.create { $0.supersedes = true }
        }
    }

    @Test func theCauseIsTheHintAndNotWhatFollowsFromIt() throws {
        let fixture = try RotationFixture.published {
            $0.verify.requiresAdoption = true
            $0.verify.probes = [.http(url: "https://shop.example/health", expect: [200])]
        }
        fixture.simulation.with { simulated in
            simulated.places["web"] = nil
            simulated.health = 503
        }
        let error = fixture.refused(.failed, "3 of 4 checks did not pass: adopted: no usage yet; target web: ") {
            () throws(StepError) in try fixture.verify()
        }
        #expect(error?.hint == "find out who removed it; `ork-publish` writes the successor again")
    }

    @Test func aProbeMayReadATargetThatWasNotWritten() throws {
        let fixture = try RotationFixture(waves: ["web": 1, "worker": 1]) {
            $0.verify.probes = [.http(url: "https://shop.example/health", expect: [200])]
        }
        try fixture.create()
        fixture.simulation.with { $0.troubles["worker"] = [.reject(.denied)] }
        _ = try? fixture.publish()
        fixture.simulation.with { $0.health = 503 }
        let error = fixture.refused(.failed, "probe") { () throws(StepError) in try fixture.verify() }
        #expect(error?.hint?.hasPrefix("it may read worker, which `ork-publish` has not written; ") == true)
    }

    @Test func aHeldKeyIsNotToldOfBeforeTheTargetThatLostTheSuccessor() throws {
        let fixture = try RotationFixture.published()
        try fixture.verify()
        _ = try? fixture.retire()
        fixture.simulation.pass(3700)
        _ = try? fixture.retire()
        try fixture.restore()
        fixture.simulation.with { $0.places["web"] = SampleKeys.foreign }
        _ = try? fixture.verify()
        let error = fixture.refused(.notYet, "the last ork-verify did not find that all is well: target web") {
            () throws(StepError) in try fixture.retire()
        }
        #expect(error?.hint?.contains("`ork-publish --accept-target web` writes the successor again") == true)
    }

    /// What makes a predecessor one that cannot be worked with again.
    struct Loss: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let text: String
        let hand: @Sendable (inout SimulatedState, _ predecessor: String) -> Void
    }

    static let losses: [Loss] = [
        Loss(testDescription: "it has expired", text: "checkout-prod has expired, which nobody can undo") {
            $0.sandbox.setExpiry($1, $0.now)
        },
        Loss(testDescription: "somebody disabled it", text: "or by hand, and stays disabled") {
            $0.sandbox.setDisabled($1, at: $0.now)
        },
    ]

    @Test("what cannot be restored is not offered to be, and that is no success", arguments: losses)
    func unrestorable(loss: Loss) throws {
        let fixture = try quiet()
        let hash = try #require(fixture.predecessor?.hash)
        fixture.simulation.with { loss.hand(&$0, hash) }
        let soaking = fixture.refused(.notYet, "soaks until") { () throws(StepError) in try fixture.retire() }
        #expect(soaking?.hint?.contains("--wait 1h") == true)
        #expect(soaking?.hint?.contains("--restore") == false)
        let events = fixture.events
        fixture.refused(.failed, loss.text) { () throws(StepError) in try fixture.restore() }
        #expect(fixture.predecessor?.disabled == true)
        #expect(fixture.events == events)
    }

    @Test func anExpiredPredecessorIsNotSaidToBeEnabled() throws {
        let fixture = try quiet()
        let hash = try #require(fixture.predecessor?.hash)
        fixture.simulation.with { $0.sandbox.setExpiry(hash, $0.now) }
        fixture.refused(.failed, "checkout-prod has expired") { () throws(StepError) in try fixture.restore() }
        #expect(!fixture.announcements.done.contains("checkout-prod is enabled"))
    }

    @Test func aPredecessorThatMustNotBeUsedAnyMoreDoesNotEndTheWayBack() throws {
        let fixture = try quiet()
        _ = try? fixture.rollback()
        let hash = try #require(fixture.predecessor?.hash)
        fixture.simulation.with { $0.sandbox.setDisabled(hash, at: $0.now) }
        let error = fixture.refused(.failed, "stays disabled") { () throws(StepError) in try fixture.rollback() }
        #expect(error?.hint?.contains("`ork-rollback` goes on") == true)
        let restoring = fixture.refused(.failed, "stays disabled") { () throws(StepError) in try fixture.restore() }
        #expect(restoring?.hint == "`ork-rollback` tells what can be done instead")
        #expect(error?.hint?.contains("--supersede --handoff NEW.json`") == true)
    }

    @Test("where the successor does not work, the ways back are those that there are", arguments: [true, false])
    func waysBack(isExpired: Bool) throws {
        let fixture = try quiet()
        let hash = try #require(fixture.predecessor?.hash)
        fixture.simulation.with { [successor = fixture.successorHash] in
            $0.sandbox.setExpiry(successor, $0.now)
            if isExpired { $0.sandbox.setExpiry(hash, $0.now) }
        }
        let error = fixture.refused(.failed, "has expired: nothing is retired") { () throws(StepError) in
            try fixture.retire()
        }
        #expect(error?.hint?.contains("`ork-rollback` puts checkout-prod back") == !isExpired)
        #expect(error?.hint?.contains("--restore") == false)
        fixture.simulation.with { [successor = fixture.successorHash] in $0.sandbox.delete(successor, at: $0.now) }
        let gone = fixture.refused(.failed, "has no key") { () throws(StepError) in try fixture.retire() }
        #expect(gone?.hint?.hasSuffix("or put the predecessor back: `ork-rollback`") == true)
    }
}
