import HTTP
import JSON
import OpenRouterSandbox
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Steps
import Testing

extension SubsetTests {
    /// A rotation up to some point of its life, with its simulation.
    struct Story: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let tell: @Sendable () throws -> RotationFixture
        /// Whether the newest records take back what older ones permitted: a target was written again or added after
        /// a verification. A cut tail is then an earlier handoff, which permits; only use of the predecessor tells.
        var takesBack = false
    }

    static let stories: [Story] = [
        Story(testDescription: "created") {
            let fixture = try RotationFixture(waves: ["canary": 1, "web": 2])
            try fixture.create()
            return fixture
        },
        Story(testDescription: "minted after two lost answers") {
            let fixture = try RotationFixture(waves: ["web": 1])
            for fault in [2, 5] {
                _ = try? fixture.create(FakeTransport(fixture.simulation, faults: [fault: .loseReply]))
            }
            return fixture
        },
        Story(testDescription: "the first wave is published") {
            let fixture = try RotationFixture(waves: ["canary": 1, "web": 2])
            try fixture.create()
            try fixture.publish()
            return fixture
        },
        Story(testDescription: "half of a wave is published") {
            let fixture = try RotationFixture(waves: ["web": 1, "worker": 1])
            try fixture.create()
            fixture.simulation.with { $0.troubles["web"] = [.unknownAndNotWritten] }
            _ = try? fixture.publish()
            return fixture
        },
        Story(testDescription: "two waves are verified and quiet") {
            try quiet(waves: ["canary": 1, "web": 2])
        },
        Story(testDescription: "the box is dropped") {
            let fixture = try quiet()
            try fixture.verify { $0.dropsSecret = true }
            return fixture
        },
        Story(testDescription: "references are left to people when it has begun") {
            let account = try ReferencedAccount()
            try account.fixture.create()
            account.fixture.simulation.with { simulated in
                simulated.sandbox.manage(
                    .patch, ["byok", account.providerKey],
                    ["allowed_api_key_hashes": [.string(account.predecessor)]], at: simulated.now)
            }
            try account.fixture.create { $0.ignoresReferences = true }
            try account.fixture.publishAndVerify()
            account.fixture.simulation.pass(7200)
            account.fixture.simulation.with { $0.useAll() }
            _ = try? account.fixture.retire()
            return account.fixture
        },
        Story(testDescription: "the predecessor soaks") {
            let fixture = try quiet(waves: ["canary": 1, "web": 2])
            _ = try? fixture.retire()
            return fixture
        },
        Story(testDescription: "the predecessor is restored") {
            let fixture = try quiet()
            _ = try? fixture.retire()
            fixture.simulation.pass(60)
            try fixture.restore()
            fixture.simulation.pass(3700)
            return fixture
        },
        Story(testDescription: "a target is let go of") {
            let fixture = try RotationFixture(waves: ["web": 1, "worker": 1])
            let worker = try #require(PlanName("worker"))
            // Nothing is there any more that could lose service.
            fixture.simulation.with { simulated in
                simulated.places["worker"] = nil
                simulated.troubles["worker"] = [.reject(.unavailable)]
            }
            try fixture.create()
            _ = try? fixture.publish()
            _ = try? fixture.retire { $0.abandonedTargets = [worker] }
            fixture.simulation.with { $0.useAll() }
            try fixture.verify()
            _ = try? fixture.retire()
            fixture.simulation.pass(3700)
            return fixture
        },
        Story(testDescription: "the predecessor is restored, and verified since") {
            let fixture = try quiet()
            _ = try? fixture.retire()
            try fixture.restore()
            try fixture.verify()
            fixture.simulation.pass(3700)
            return fixture
        },
        Story(
            testDescription: "a later look has failed",
            tell: {
                let fixture = try RotationFixture()
                let predecessor = fixture.simulation.value.places["web"]
                try fixture.create()
                try fixture.publishAndVerify()
                _ = try? fixture.retire()
                fixture.simulation.pass(3700)
                // A rollback of the platform.
                fixture.simulation.with { [predecessor] in $0.places["web"] = predecessor }
                _ = try? fixture.verify()
                return fixture
            }, takesBack: true),
        Story(testDescription: "finished") {
            let fixture = try quiet(waves: ["canary": 1, "web": 2])
            try fixture.retireWaiting()
            return fixture
        },
        Story(testDescription: "superseding a lost rotation") {
            let lost = try verified(waves: ["web": 1])
            let fixture = lost.beside()
            try fixture.create { $0.supersedes = true }
            try fixture.publishAndVerify()
            _ = try? fixture.retire()
            fixture.simulation.pass(3700)
            return fixture
        },
        Story(testDescription: "superseded by another rotation") {
            let lost = try verified(waves: ["web": 1])
            let other = lost.beside()
            try other.create { $0.supersedes = true }
            try other.publishAndVerify()
            try other.retireWaiting()
            return lost
        },
        Story(
            testDescription: "published again",
            tell: {
                let fixture = try quiet(waves: ["web": 1, "worker": 1])
                fixture.simulation.with { $0.places["web"] = Secret("else") }
                let web = try #require(PlanName("web"))
                try fixture.publish { $0.acceptedTargets = [web] }
                return fixture
            }, takesBack: true),
        Story(
            testDescription: "a target is added and not written",
            tell: {
                let fixture = try RotationFixture()
                let late = try RotationFixture.target("late")
                // It uses the predecessor, and nobody has said so before.
                fixture.simulation.with { simulated in
                    simulated.places["late"] = simulated.places["web"]
                    simulated.troubles["late"] = [.reject(.unavailable)]
                }
                try fixture.create()
                try fixture.publishAndVerify()
                _ = try? fixture.retire()
                fixture.simulation.pass(3700)
                _ = try? fixture.publish { $0.added = [late] }
                return fixture
            }, takesBack: true),
        Story(
            testDescription: "a target is added by an amendment and not written",
            tell: {
                let fixture = try RotationFixture()
                fixture.simulation.with { $0.places["late"] = $0.places["web"] }
                try fixture.create()
                try fixture.publishAndVerify()
                _ = try? fixture.retire()
                fixture.simulation.pass(3700)
                try fixture.amend { try $0.targets.append(RotationFixture.target("late")) }
                return fixture
            }, takesBack: true),
        Story(testDescription: "one target is dropped before and one after it was written") {
            let fixture = try RotationFixture(waves: ["web": 1, "worker": 1, "wrong": 2])
            try fixture.create()
            try fixture.publish()
            try fixture.amend { $0.targets.removeAll { $0.name.description != "web" } }
            fixture.simulation.pass(5)
            fixture.simulation.with { $0.useAll() }
            try fixture.verify()
            _ = try? fixture.retire()
            fixture.simulation.pass(3700)
            return fixture
        },
        Story(
            testDescription: "half of it is put back",
            tell: {
                let fixture = try quiet(waves: ["canary": 1, "web": 2])
                fixture.simulation.with { $0.troubles["canary"] = [.answer(.mismatch), .reject(.unavailable)] }
                _ = try? fixture.rollback()
                return fixture
            }),
        Story(
            testDescription: "everything is put back and in use",
            tell: {
                let fixture = try quiet(waves: ["canary": 1, "web": 2])
                _ = try? fixture.rollback()
                fixture.simulation.pass(3700)
                fixture.simulation.with { $0.useAll() }
                return fixture
            }),
        Story(
            testDescription: "it is put back after the predecessor was disabled, and the successor soaks",
            tell: {
                let fixture = try quiet()
                _ = try? fixture.retire()
                for _ in 1...2 {
                    _ = try? fixture.rollback()
                    fixture.simulation.pass(3700)
                    fixture.simulation.with { $0.useAll() }
                }
                return fixture
            }),
        Story(testDescription: "rolled back") {
            let fixture = try quiet(waves: ["canary": 1, "web": 2])
            try fixture.rollbackWaiting()
            return fixture
        },
        Story(testDescription: "two publish jobs side by side, joined") {
            let fixture = try RotationFixture(waves: ["web": 1, "worker": 1])
            try fixture.create()
            let web = try #require(PlanName("web"))
            let worker = try #require(PlanName("worker"))
            let other = fixture.beside(fixture.journal.handoff)
            try fixture.publish { $0.only = [web] }
            fixture.simulation.pass(3)
            try other.publish { $0.only = [worker] }
            var both = try #require(fixture.journal.handoff)
            try both.merge(#require(other.journal.handoff))
            let joined = fixture.beside(both)
            joined.simulation.with { $0.useAll() }
            try joined.verify()
            _ = try? joined.retire()
            joined.simulation.pass(3700)
            return joined
        },
    ]
}
