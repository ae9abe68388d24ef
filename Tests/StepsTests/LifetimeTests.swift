import Rotation
import RotationFixtures
import Steps
import TestSupport
import Testing
import Timestamps

/// How long a successor has to live. Overlap, quiet and soak of the fixture take an hour each, and the settle 30 seconds.
@Suite(.tags(.values)) struct LifetimeTests {
    private static func fixture(_ life: Interval) throws -> RotationFixture {
        try RotationFixture { $0.successor.expiresIn = .set(life) }
    }

    @Test("a key that would expire before its predecessor is gone is not minted", arguments: [60, 3600, 3 * 3600])
    func short(seconds: Int) throws {
        let fixture = try Self.fixture(Interval(seconds: seconds))
        let error = fixture.refused(.unacceptable, "and overlap, quiet_for and soak take 3h30s") {
            () throws(StepError) in try fixture.create()
        }
        #expect(error?.hint?.contains("`ork-create --expires-in 90d`") == true)
        #expect(fixture.simulation.value.keys.count == 1)
    }

    @Test("where an approval may wait for longer than it lives, that is told", arguments: [(4, true), (24 * 3, false)])
    func early(hours: Int, isTold: Bool) throws {
        let fixture = try Self.fixture(Interval(seconds: hours * 3600))
        try fixture.create()
        let told = fixture.announcements.all.contains {
            if case .warning(let text) = $0 { text.contains("an approval may wait for") } else { false }
        }
        #expect(told == isTold)
    }
}
