import Glibc
import OpenRouterSandbox
import Rotation
import RotationFixtures
import Secrets
import Steps
import Synchronization
import TestSupport
import Testing

/// Two creators whose exchanges with OpenRouter come in a chosen order.
private final class Turns: Sendable {
    private struct State {
        /// A bit for each exchange to come, of which the lowest is the next; after eight it begins anew.
        var options: UInt8
        var holder: Int?
        var isOver = [false, false]
    }

    private let state: Mutex<State>

    init(_ options: UInt8) { state = Mutex(State(options: options)) }

    /// Gives the turn on, and waits until it is this creator's again.
    func next(_ creator: Int) {
        giveOn(creator)
        while !take(creator) { usleep(20) }
    }

    /// This creator has no more exchanges.
    func leave(_ creator: Int) {
        giveOn(creator)
        state.withLock { $0.isOver[creator] = true }
    }

    private func take(_ creator: Int) -> Bool {
        state.withLock { state in
            let wanted = Int(state.options & 1)
            guard state.holder == nil, creator == (state.isOver[wanted] ? 1 - wanted : wanted) else { return false }
            state.holder = creator
            state.options = state.options >> 1 | state.options << 7
            return true
        }
    }

    private func giveOn(_ creator: Int) {
        state.withLock { if $0.holder == creator { $0.holder = nil } }
    }
}

@Suite(.tags(.values)) struct CreateTieTests {
    @Test("of two creators of the same second exactly one goes on, in whatever order they look and mint")
    func tie() async throws {
        var ties = 0
        // The odd ones are the even ones with the creators exchanged.
        for options in stride(from: 0, to: 256, by: 2) {
            let turns = Turns(UInt8(options))
            let first = try RotationFixture()
            let fixtures = [first, first.beside()]
            let codes = Mutex<[StepError.Code]>([])
            @Sendable func create(_ creator: Int) {
                defer { turns.leave(creator) }
                var hooks: [Int: @Sendable () -> Void] = [:]
                for exchange in 1...60 { hooks[exchange] = { turns.next(creator) } }
                // Time stands still but for what a step waits.
                let transport = FakeTransport(first.simulation, before: hooks, seconds: 0)
                do throws(StepError) { try fixtures[creator].create(transport) } catch {
                    codes.withLock { $0.append(error.code) }
                }
            }
            async let other: Void = onOwnThread { create(1) }
            try await onOwnThread { create(0) }
            try await other

            let created = fixtures.compactMap { $0.known?.created?.hash.description }
            #expect(created.count == 1, "\(options)")
            #expect(codes.withLock { $0 } == [.notYet], "\(options)")
            #expect(first.minting.isEmpty, "\(options)")
            let keys = first.simulation.value.keys.map(\.hash)
            #expect(Set(keys) == Set(created + [keys[0]]), "\(options)")
            if fixtures.allSatisfy({ $0.events.contains(.minted) }) { ties += 1 }
        }
        #expect(ties > 15, "there are too few orders in which both have minted")
    }
}
