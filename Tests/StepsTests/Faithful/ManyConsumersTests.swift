import FoundationEssentials
import OpenRouterSandbox
import Rotation
import RotationFixtures
import Steps
import TestSupport
import Testing
import Timestamps

/// Fifty consumers that take the new key up within an hour, some through free models, some once a day.
@Suite(.tags(.values)) struct ManyConsumersTests {
    private static let quiet = Interval(seconds: 25 * 3600)
    /// How often `ork-retire` is run, in seconds.
    private static let rhythm: TimeInterval = 1800

    private static func consumers(from start: Date) -> [Consumers.Consumer] {
        (0..<50).map { number in
            let place = ["web", "api", "jobs"][number % 3]
            let model = number % 4 == 0 ? "some/model:free" : "openai/gpt-4o"
            // A job that runs once a day reads its key when it starts.
            let isDaily = number % 10 == 0
            let pause = isDaily ? 86400 : Double(900 + 60 * number)
            let first = start.addingTimeInterval(isDaily ? Double(1200 * number) : Double(7 * number + 1))
            return Consumers.Consumer(
                place: place, model: model, pickUp: isDaily ? 86400 : Double(60 + 71 * number), pause: pause,
                nextPickUp: isDaily ? first : start, nextCall: first)
        }
    }

    @Test func nobodysCallFailsAndTheKeyGoesAsSoonAsItIsShownToBeQuiet() throws {
        let fixture = try RotationFixture(waves: ["web": 1, "api": 1, "jobs": 1]) { $0.retire.quietFor = Self.quiet }
        let consumers = Consumers(Self.consumers(from: fixture.simulation.now), in: fixture.simulation)
        let transport = BusyTransport(transport: FakeTransport(fixture.simulation), consumers: consumers)
        let predecessor = try #require(fixture.predecessor?.hash)
        // A day as it always is, so that everybody has used the old key.
        fixture.simulation.pass(86400)
        consumers.catchUp()
        try fixture.create(transport)
        try fixture.publish(transport)
        fixture.simulation.pass(3600)
        try fixture.verify(transport)
        for _ in 0..<100 where !(fixture.known?.isFinished ?? false) {
            // A verification that has grown too old is taken again, as ork-status says.
            if fixture.known?.next(at: fixture.simulation.now) == "ork-verify" { try fixture.verify(transport) }
            _ = try? fixture.retire(transport)
            fixture.simulation.pass(Self.rhythm)
        }
        consumers.catchUp()
        #expect(consumers.failures == [])
        #expect(consumers.calls > 2000)
        #expect(fixture.known?.isFinished == true)
        // As early as the evidence allows: a run after the quiet time has passed since its last use.
        let last = try #require(fixture.simulation.value.sandbox.key(predecessor)?.uses.last?.at)
        let disabled = try #require(fixture.known?.disabledAt.values.first)
        let wait = disabled.timeIntervalSince(last) - TimeInterval(Self.quiet.seconds)
        #expect(wait >= 0 && wait <= 2 * Self.rhythm, "\(Int(wait / 60)) minutes")
        print("50 consumers: \(consumers.calls) calls, retired \(Int(wait / 60)) minutes after the evidence")
    }
}
