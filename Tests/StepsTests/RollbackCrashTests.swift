import FoundationEssentials
import OpenRouterSandbox
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Steps
import TestSupport
import Testing
import Timestamps

/// A rollback that dies at any point goes on from there: before an effect, after it, and before its answer arrives.
@Suite(.tags(.values)) struct RollbackCrashTests {
    /// What goes wrong, once.
    enum Blow: Sendable {
        /// At an exchange with OpenRouter, counted over all runs.
        case exchange(Int, FakeTransport.Fault)
        /// A record does not become durable, and the process ends there.
        case record(Int)
        /// At the target, the given number of requests from the first.
        case target(Int, SimulatedState.Trouble)
    }

    struct Start: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var rollback = PublisherInformation.Rollback.value
        var isDisabled = false
    }

    static let starts = [
        Start(testDescription: "published"), Start(testDescription: "published, native", rollback: .native),
        Start(testDescription: "disabled", isDisabled: true),
    ]

    private static func fixture(_ start: Start) throws -> RotationFixture {
        let fixture = try RotationFixture(waves: ["canary": 1, "web": 2])
        fixture.simulation.with { $0.rollback = start.rollback }
        try fixture.create()
        try fixture.publishAndVerify()
        guard start.isDisabled else { return fixture }
        _ = try? fixture.retire()
        fixture.simulation.pass(3700)
        _ = try? fixture.retire()
        try #require(fixture.events.last == .disabled)
        return fixture
    }

    /// Rolls back with what goes wrong, as often as it takes. Answers how many exchanges and records that were.
    @discardableResult
    private static func goBack(_ fixture: RotationFixture, _ blow: Blow?) -> (exchanges: Int, records: Int) {
        var fixture = fixture
        var faults: [Int: FakeTransport.Fault] = [:]
        let before = fixture.journal.handoff?.records.count ?? 0
        switch blow {
        case .exchange(let number, let fault): faults[number] = fault
        case .record(let number): fixture = fixture.failing(number)
        case .target(let number, let trouble):
            let quiet = Array(repeating: SimulatedState.Trouble.answer(.mismatch), count: number)
            fixture.simulation.with { $0.troubles["web"] = quiet + [trouble] }
        case nil: break
        }
        let simulation = fixture.simulation
        let look: @Sendable () -> Void = { #expect(simulation.value.outages == [], "\(String(describing: blow))") }
        let transport = FakeTransport(
            simulation, faults: faults, before: Dictionary(uniqueKeysWithValues: (1...200).map { ($0, look) }))
        for _ in 0..<20 {
            do throws(StepError) {
                try fixture.rollback(transport)
                return (transport.exchanges.count, (fixture.journal.handoff?.records.count ?? 0) - before)
            } catch {
                look()
                simulation.with { $0.useAll() }
                simulation.pass(3700)
            }
        }
        Issue.record("it never comes to its end: \(String(describing: blow))")
        return (0, 0)
    }

    @Test("every effect, before and after it and with its answer lost", arguments: starts)
    func sweep(start: Start) throws {
        let first = try Self.fixture(start)
        let (exchanges, records) = Self.goBack(first.copied(first.journal.handoff), nil)
        var blows: [Blow] = (1...records).map { .record($0) }
        for number in 1...exchanges {
            blows += [.drop, .loseReply, .status(500), .status(429)].map { .exchange(number, $0) }
        }
        for number in 0...1 {
            blows += [.unknownButWritten, .unknownAndNotWritten, .reject(.unavailable), .reject(.denied)].map {
                .target(number, $0)
            }
        }
        for blow in blows {
            let fixture = first.copied(first.journal.handoff)
            Self.goBack(fixture, blow)
            let simulated = fixture.simulation.value
            #expect(simulated.keys.map(\.name) == [RotationFixture.base], "\(blow)")
            #expect(simulated.keys.allSatisfy { !$0.disabled }, "\(blow)")
            #expect(simulated.outages == [], "\(blow)")
            for place in simulated.places.keys {
                #expect(simulated.holding(place)?.name == RotationFixture.base, "\(blow): \(place)")
            }
        }
        print("rollback, \(start.testDescription): \(blows.count) points, \(exchanges) exchanges, \(records) records")
    }
}
