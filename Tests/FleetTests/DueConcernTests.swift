import Fleet
import FoundationEssentials
import OpenRouterSandbox
import Rotation
import RotationFixtures
import Steps
import TestSupport
import Testing
import Timestamps

/// What there is to look at in a rotation's key, and from when on it is news.
@Suite("What a person should look at", .tags(.values)) struct DueConcernTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var limit: OpenRouterSandbox.Money?
        var spent: Int = 0
        var days: Double = 10
        var expiresInDays: Double?
        var change: @Sendable (inout DueRotation) -> Void = { _ in }
        /// What is told by a run after a day, and by one that looks for the first time.
        let again: [String]
        let first: [String]
    }

    private static let cases = [
        Case(testDescription: "a key with a limit", limit: 5, again: [], first: []),
        Case(testDescription: "a key without one", again: [], first: ["has no limit"]),
        Case(
            testDescription: "a key without one, of today", days: 0.5, again: ["has no limit"], first: ["has no limit"]),
        Case(
            testDescription: "a limit that is nearly used up", limit: 5, spent: 4, again: ["has $1 left of $5"],
            first: ["has $1 left of $5"]),
        Case(testDescription: "a limit that is half used", limit: 5, spent: 2, again: [], first: []),
        Case(
            testDescription: "an expiry that is near since today", limit: 5, days: 100, expiresInDays: 6.5,
            again: ["expires at "], first: ["expires at "]),
        Case(
            testDescription: "an expiry that is near for days", limit: 5, days: 100, expiresInDays: 3, again: [],
            first: ["expires at "]),
        Case(
            testDescription: "an expiry that is far away", limit: 5, days: 100, expiresInDays: 60, again: [], first: []),
        Case(
            testDescription: "a rotation that is switched off", change: { $0.isEnabled = false }, again: [], first: []),
        Case(
            testDescription: "a rotation that cannot go on", limit: 5,
            change: { $0.plan = Plan(predecessor: .name("gone")) }, again: ["no live key is named gone"],
            first: ["no live key is named gone"]),
    ]

    @Test("what lasts is told each time, and what began is told once", arguments: cases)
    func told(one: Case) throws {
        let fixture = try DueFixture()
        let name = DueFixture.made("shop")
        fixture.simulation.with { simulated in
            let hash = simulated.sandbox.addKey(
                name: name, limit: one.limit,
                expiresAt: one.expiresInDays.map { simulated.now.addingTimeInterval($0 * DueFixture.day) },
                at: simulated.now.addingTimeInterval(-one.days * DueFixture.day)
            ).hash
            simulated.sandbox.use(
                hash, cost: .init(integerLiteral: one.spent), at: simulated.now.addingTimeInterval(-3600))
        }
        let rotation = try fixture.rotation("shop", .name("shop"), every: nil) {
            $0.rules.beforeExpiry = .init(seconds: 7 * 86400)
            one.change(&$0)
        }
        let now = fixture.simulation.value.now
        let concerns = DueConcern.all(of: try fixture.finding(rotation), rotation.rules, at: now)
        for (since, wanted) in [(-DueFixture.day, one.again), (-365 * DueFixture.day, one.first)] {
            let news = concerns.filter { $0.isNews(since: now.addingTimeInterval(since)) }
            #expect(news.count == wanted.count, "\(news.map(\.message))")
            for (concern, text) in zip(news, wanted) {
                #expect(concern.message.contains(text), "\(concern.message)")
                #expect(concern.rotation.description == "shop")
            }
        }
    }
}
