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

/// Two creators without a common handoff, and two with copies of one.
@Suite(.tags(.values)) struct CreateRaceTests {
    @Test("another creator runs whole before the first one's exchange", arguments: 1...5, [true, false])
    func race(exchange: Int, shareHandoff: Bool) throws {
        let first = try RotationFixture()
        let other: RotationFixture
        if shareHandoff {
            // Both go on with a handoff that has nothing but the intention.
            first.refused(.unreachable) { () throws(StepError) in
                try first.create(FakeTransport(first.simulation, faults: [2: .drop]))
            }
            other = first.beside(first.journal.handoff)
        } else {
            other = first.beside()
        }
        let codes = Mutex<[StepError.Code?]>([])
        let transport = FakeTransport(
            first.simulation,
            before: [
                exchange: {
                    do throws(StepError) {
                        try other.create()
                        codes.withLock { $0.append(nil) }
                    } catch {
                        codes.withLock { $0.append(error.code) }
                    }
                }
            ])
        do throws(StepError) {
            try first.create(transport)
            codes.withLock { $0.append(nil) }
        } catch {
            codes.withLock { $0.append(error.code) }
        }
        let ends = codes.withLock { $0 }
        let created = [first, other].compactMap { $0.known?.created?.hash.description }
        if transport.exchanges.count >= exchange {
            #expect(ends.count == 2)
            #expect(ends.filter { $0 == nil }.count == 1)
            #expect(ends.contains(.notYet))
        }
        #expect(created.count == 1)
        #expect(first.minting.isEmpty)
        #expect(Set(first.simulation.value.keys.map(\.hash)) == Set(created + [first.simulation.value.keys[0].hash]))
    }
}
