import Rotation
import RotationFixtures
import TestSupport
import Testing

@Suite(.tags(.values)) struct TurnTests {
    @Test(
        "a gate that stood closed until the verification was too old still opens, and what is retired is verified again"
    )
    func lateGate() throws {
        let fixture = try RotationFixture()
        try fixture.create()
        try fixture.publish()
        try fixture.verify()
        func state() throws -> State { try State(#require(fixture.journal.handoff), trust: fixture.trust) }
        #expect(try state().turn(at: fixture.simulation.now) == .approveRetire)
        fixture.simulation.pass(2 * 86400)
        #expect(try state().turn(at: fixture.simulation.now) == .verify)
        #expect(try state().turnAtGate == .approveRetire)
    }
}
