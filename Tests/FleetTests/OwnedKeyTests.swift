import Fleet
import FoundationEssentials
import OpenRouter
import OpenRouterSandbox
import Rotation
import RotationFixtures
import Secrets
import Steps
import TestSupport
import Testing

/// Whoever may create keys may name them as ork does: a name alone makes no key a rotation's own.
@Suite("Which keys a rotation owns", .tags(.values))
struct OwnedKeyTests {
    private static let base = RotationFixture.base
    private static let made = DueFixture.made()
    private static let forged = DueFixture.made(base, DueFixture.otherID)

    /// The live keys, and what becomes of each.
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// By age in days.
        let keys: [(name: String, days: Double)]
        /// The places of those that handoffs name; `nil` if nobody looked for handoffs.
        var recorded: [Int]?
        /// The places of those that no rotation owns.
        let unowned: [Int]
        /// Whether somebody is told that the others' names alone speak for them.
        var isByName = false
    }

    private static let cases = [
        Case(testDescription: "one key, whoever made it", keys: [(base, 9)], unowned: []),
        Case(testDescription: "one key, of which no handoff tells", keys: [(base, 9)], recorded: [], unowned: []),
        Case(
            testDescription: "a rotation under way, or a key named as if", keys: [(base, 9), (made, 1)], unowned: [],
            isByName: true),
        Case(testDescription: "a rotation under way", keys: [(base, 9), (made, 1)], recorded: [0, 1], unowned: []),
        Case(
            testDescription: "a key with a rotation's mark that no handoff names", keys: [(made, 9), (forged, 1)],
            recorded: [0], unowned: [1]),
        Case(
            testDescription: "the same, where handoffs name none of them", keys: [(base, 9), (forged, 1)],
            recorded: [], unowned: [1]),
        Case(
            testDescription: "one that was made before the successor and enabled after it",
            keys: [(base, 9), (made, 1)], recorded: [1], unowned: [0]),
        Case(
            testDescription: "two with the ID of one rotation", keys: [(base, 90), (made, 9), (made, 1)],
            unowned: [1, 2]),
        Case(
            testDescription: "two with the ID of one rotation, one of which its handoff names",
            keys: [(made, 9), (made, 1)], recorded: [1], unowned: [0]),
        Case(
            testDescription: "a name of ork's with no rotation in ork.yaml",
            keys: [(base, 9), (DueFixture.made("search-prod"), 1)], unowned: [1]),
        Case(
            testDescription: "the same, which a handoff names", keys: [(base, 9), (DueFixture.made("search-prod"), 1)],
            recorded: [0, 1], unowned: [1]),
    ]

    @Test("a live key is a rotation's own by its lineage and by what was recorded", arguments: cases)
    func owned(_ lineage: Case) throws {
        let fixture = try DueFixture()
        let hashes = lineage.keys.map { fixture.key($0.name, days: $0.days) }
        let survey = try fixture.survey([
            fixture.rotation { rotation in
                rotation.recordedKeys = lineage.recorded.map { Set($0.compactMap { KeyHash(hashes[$0]) }) }
            }
        ])
        #expect(Set(survey.unowned().map(\.key.hash.description)) == Set(lineage.unowned.map { hashes[$0] }))
        #expect(survey.keys.contains(where: \.isByNameAlone) == lineage.isByName)
    }

    @Test("a key of the same name in another workspace is nobody's")
    func workspace() throws {
        let fixture = try DueFixture()
        fixture.key(Self.base, days: 9)
        let team = fixture.simulation.with { $0.sandbox.addWorkspace("Team", slug: "team", at: $0.now) }
        let hash = fixture.key(Self.made, days: 1, workspace: team)
        let survey = try fixture.survey([fixture.rotation()], with: .all)
        #expect(survey.unowned().map(\.key.hash.description) == [hash])
    }
}
