import TestSupport
import Testing
import Timestamps

@Suite(.tags(.values)) struct BackOffTests {
    private static let backOff = BackOff(from: .seconds(1), upTo: .seconds(32))

    @Test(
        "each wait is twice as long as the one before, up to the longest",
        arguments: [(1, 1), (2, 2), (3, 4), (6, 32), (7, 32), (1000, 32), (0, 1)])
    func waits(tries: Int, seconds: Int) {
        #expect(Self.backOff.wait(after: tries) == .seconds(seconds))
    }

    @Test("a spread wait is at least half of it, and not always the same")
    func spread() {
        let waits = (0..<100).map { _ in Self.backOff.spreadWait(after: 4) }
        #expect(waits.allSatisfy { (.seconds(4)...(.seconds(8))).contains($0) })
        #expect(Set(waits).count > 1)
    }
}
