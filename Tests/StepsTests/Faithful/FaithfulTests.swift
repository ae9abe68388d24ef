import FoundationEssentials
import RotationFixtures
import TestSupport
import Testing

/// Random accounts, rotations, faults, crashes and consumers: at the end the successor is what its predecessor was, or all is
/// as it was at first; and nobody's call has failed.
@Suite(.tags(.values)) struct FaithfulTests {
    /// `ORK_FAITHFUL_SEED=7` runs one case again, and `ORK_FAITHFUL=20000` more of them.
    private static let environment = ProcessInfo.processInfo.environment
    private static let count = environment["ORK_FAITHFUL"].flatMap { Int($0) } ?? 2000
    private static let parts = 2

    @Test("a rotation ends with a faithful successor, or as if it had never been", arguments: 0..<parts)
    func cases(part: Int) throws {
        let seeds =
            Self.environment["ORK_FAITHFUL_SEED"].flatMap { UInt64($0) }
            .map { part == 0 ? [$0] : [] } ?? (0..<UInt64(Self.count)).filter { $0 % UInt64(Self.parts) == part }
        for seed in seeds {
            var world = try FaithfulCase(seed)
            let wrong = try world.run()
            if Self.environment["ORK_FAITHFUL_SEED"] != nil { print(world.trail.joined(separator: "\n")) }
            guard !wrong.isEmpty else { continue }
            Issue.record(
                "ORK_FAITHFUL_SEED=\(seed): \(wrong.joined(separator: "; "))\n\(world.trail.joined(separator: "\n"))")
        }
    }
}
