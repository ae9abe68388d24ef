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
        let first = try Scene()
        let other: Scene
        if shareHandoff {
            // Both go on with a handoff that has nothing but the intention.
            first.refused(.unreachable) { () throws(StepError) in
                try first.create(Line(first.world, faults: [2: .drop]))
            }
            other = first.beside(first.journal.handoff)
        } else {
            other = first.beside()
        }
        let codes = Mutex<[StepError.Code?]>([])
        let line = Line(
            first.world,
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
            try first.create(line)
            codes.withLock { $0.append(nil) }
        } catch {
            codes.withLock { $0.append(error.code) }
        }
        let ends = codes.withLock { $0 }
        let created = [first, other].compactMap { $0.known?.created?.hash.description }
        if line.exchanges.count >= exchange {
            #expect(ends.count == 2)
            #expect(ends.filter { $0 == nil }.count == 1)
            #expect(ends.contains(.notYet))
        }
        #expect(created.count == 1)
        #expect(first.minting.isEmpty)
        #expect(Set(first.world.value.keys.map(\.hash)) == Set(created + [first.world.value.keys[0].hash]))
    }
}
