import FoundationEssentials
import Rotation
import RotationFixtures
import Steps
import TestSupport
import Testing

/// Random sequences of commands, mistakes, repairs, faults and kills; and from the states that they reach, nothing but
/// what the messages say.
@Suite(.tags(.values)) struct WalkTests {
    /// `ORK_WALK_SEED=7` walks one walk again, `ORK_WALKS=20000` more of them; with `ORK_WALK_BRIEF=1` each finding is
    /// first told in a line.
    private static let environment = ProcessInfo.processInfo.environment
    private static let count = environment["ORK_WALKS"].flatMap { Int($0) } ?? 1000
    private static let parts = 2

    @Test("whatever happens, the messages lead on and say what is so", arguments: 0..<parts)
    func walks(part: Int) throws {
        let seeds =
            Self.environment["ORK_WALK_SEED"].flatMap { UInt64($0) }
            .map { part == 0 ? [$0] : [] } ?? (0..<Self.count).filter { $0 % Self.parts == part }.map { UInt64($0) }
        var tally = WalkTally()
        for seed in seeds { try tally.walk(seed) }
        print("walks, part \(part): \(tally)")
        if Self.environment["ORK_WALK_BRIEF"] != nil {
            for (key, finding) in tally.findings { print("FOUND \(finding.count) \(finding.seed) \(key)") }
        }
        for finding in tally.findings.values.sorted(by: { $0.seed < $1.seed }) {
            let text = try finding.told()
            Issue.record("\(text)")
        }
    }
}
