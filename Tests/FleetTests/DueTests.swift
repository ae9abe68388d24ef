import Fleet
import FoundationEssentials
import OpenRouter
import OpenRouterSandbox
import PublisherHosting
import Rotation
import RotationFixtures
import Secrets
import Steps
import TestSupport
import Testing
import Timestamps

/// The keys of one lineage, and what is to be said of it.
struct LineageCase: CustomTestStringConvertible, Sendable {
    struct Entry: Sendable {
        var name: String
        var days: Double
        var disabled = false
        var expiresInDays: Double?
    }

    let testDescription: String
    let keys: [Entry]
    var plan = Plan(predecessor: .name(RotationFixture.base))
    let word: String
    let message: String

    init(
        _ what: String, _ keys: [Entry], _ word: String, _ message: String, _ predecessor: Plan.Predecessor? = nil
    ) {
        testDescription = what
        self.keys = keys
        self.word = word
        self.message = message
        if let predecessor { plan = Plan(predecessor: predecessor) }
        plan.successor.name = predecessor == Plan.Predecessor.none ? RotationFixture.base : nil
    }
}

@Suite("What is due", .tags(.values))
struct DueTests {
    private typealias Entry = LineageCase.Entry
    private static let base = RotationFixture.base
    private static let made = DueFixture.made()
    private static let later = DueFixture.made(RotationFixture.base, DueFixture.otherID)
    private static let minting = DueFixture.made(RotationFixture.base, DueFixture.id, " minting")
    private static let soaking = base + " disabled:2026-11-20T00:00:00Z"
    // Half an hour less than the soak ago, and half an hour more: it is 2026-11-23T03:00:00Z.
    private static let soaksYet = base + " disabled:2026-11-22T03:30:00Z"
    private static let soakedLong = base + " disabled:2026-11-22T02:30:00Z"

    private static let cases: [LineageCase] = [
        // One key.
        LineageCase("a young key", [Entry(name: made, days: 10)], "current", "due at "),
        LineageCase("a day too young", [Entry(name: made, days: 89)], "current", "due at "),
        LineageCase("old enough", [Entry(name: made, days: 91)], "age rotate", "more than 90d ago"),
        LineageCase("a foreign key", [Entry(name: base, days: 91)], "never_rotated rotate", "never rotated by ork"),
        LineageCase("a young foreign key", [Entry(name: base, days: 10)], "current", "due at "),
        LineageCase(
            "a key that ends", [Entry(name: made, days: 50, expiresInDays: 6)], "expiry rotate", "it expires at "),
        LineageCase("a key that ends later", [Entry(name: made, days: 50, expiresInDays: 8)], "current", "due at "),
        LineageCase(
            "a short life, half of which is to come", [Entry(name: made, days: 1, expiresInDays: 2)], "current", ""),
        LineageCase(
            "a short life, half of which is over", [Entry(name: made, days: 2, expiresInDays: 1)], "expiry rotate", ""),
        LineageCase(
            "keys that others disabled do not count",
            [Entry(name: base, days: 300, disabled: true), Entry(name: made, days: 5)], "current", ""),
        LineageCase(
            "keys that have ended do not count",
            [Entry(name: base, days: 300, expiresInDays: -1), Entry(name: made, days: 5)], "current", ""),
        LineageCase(
            "names that only look alike do not count",
            [Entry(name: base + "-2", days: 300), Entry(name: made, days: 5)], "current", ""),
        // Begun.
        LineageCase(
            "two keys", [Entry(name: base, days: 200), Entry(name: made, days: 2)], "begun resume",
            "checkout-prod not yet retired"),
        LineageCase(
            "two keys of rotations", [Entry(name: made, days: 100), Entry(name: later, days: 2)], "begun resume", ""),
        LineageCase(
            "longer than its rules allow", [Entry(name: base, days: 200), Entry(name: made, days: 34)],
            "begun supersede", "since more than 33d"),
        LineageCase(
            "not yet longer", [Entry(name: base, days: 200), Entry(name: made, days: 32)], "begun resume", ""),
        LineageCase(
            "a key that soaks", [Entry(name: soaking, days: 200, disabled: true), Entry(name: made, days: 12)],
            "begun resume", "checkout-prod (disabled) not yet retired"),
        LineageCase(
            "a key that soaks yet", [Entry(name: soaksYet, days: 200, disabled: true), Entry(name: made, days: 12)],
            "soaking", "checkout-prod (disabled) soaks until 2026-11-23T03:30:00Z"),
        LineageCase(
            "a key whose soak is over",
            [Entry(name: soakedLong, days: 200, disabled: true), Entry(name: made, days: 12)], "begun resume", ""),
        LineageCase(
            "of two that soak, one whose soak is over",
            [
                Entry(name: soakedLong, days: 300, disabled: true), Entry(name: soaksYet, days: 200, disabled: true),
                Entry(name: made, days: 12),
            ], "begun resume", ""),
        LineageCase(
            "a key that soaks beside one that is yet to be retired",
            [
                Entry(name: soaksYet, days: 300, disabled: true), Entry(name: base, days: 200),
                Entry(name: made, days: 12),
            ], "begun resume", ""),
        LineageCase(
            "a key that soaks while another is minting",
            [
                Entry(name: soaksYet, days: 300, disabled: true), Entry(name: made, days: 12),
                Entry(name: minting, days: 0.05),
            ], "begun resume", ""),
        LineageCase(
            "a key that soaks while its successor ends before ork-retire would go on",
            [
                Entry(name: soaksYet, days: 200, disabled: true), Entry(name: made, days: 12, expiresInDays: 1),
            ], "begun resume", ""),
        LineageCase(
            "a key that soaks beside one that no rotation made",
            [Entry(name: soaksYet, days: 200, disabled: true), Entry(name: base, days: 12)], "begun resume", ""),
        LineageCase(
            "a key left minting", [Entry(name: base, days: 10), Entry(name: minting, days: 0.05)], "begun rotate",
            "never handed out"),
        LineageCase(
            "a key that is being minted", [Entry(name: base, days: 200), Entry(name: minting, days: 0.03)], "busy",
            "began to mint"),
        // What people have to look at.
        LineageCase("no key", [], "problem", "no live key is named checkout-prod"),
        LineageCase(
            "a key that has ended", [Entry(name: made, days: 91, expiresInDays: -1)], "problem", "has expired"),
        LineageCase(
            "a key that others disabled", [Entry(name: base, days: 9, disabled: true)], "problem", "is disabled"),
        LineageCase(
            "two foreign keys", [Entry(name: base, days: 200), Entry(name: base, days: 100)], "problem",
            "2 live keys are named checkout-prod"),
        LineageCase(
            "a foreign key behind ork's", [Entry(name: made, days: 200), Entry(name: base, days: 100)], "problem",
            "no rotation made"),
        LineageCase(
            "two keys that bear the ID of one rotation", [Entry(name: made, days: 100), Entry(name: made, days: 2)],
            "problem", "bear the ID of the rotation \(DueFixture.id)"),
        LineageCase(
            "a key that somebody restored", [Entry(name: soaking, days: 200), Entry(name: made, days: 12)], "problem",
            "was restored by somebody"),
        // The first key of a lineage.
        LineageCase("no key, as planned", [], "first_key rotate", "there is no key yet", Plan.Predecessor.none),
        LineageCase(
            "the first key, left minting", [Entry(name: minting, days: 0.05)], "begun rotate", "never handed out",
            Plan.Predecessor.none),
        LineageCase(
            "the first key, young", [Entry(name: made, days: 10)], "current", "", Plan.Predecessor.none),
        LineageCase(
            "the first key, old", [Entry(name: made, days: 100)], "problem",
            "the plan says that there is no predecessor",
            Plan.Predecessor.none),
        LineageCase(
            "an unknown hash", [Entry(name: base, days: 100)], "problem", "no key in this account has the hash",
            KeyHash("0000").map { .hash($0) }),
        LineageCase(
            "a variable that is not set", [Entry(name: base, days: 100)], "problem", "KEY, which is not set here",
            EnvironmentName("KEY").map { .environment($0) }),
    ]

    @Test("a lineage is judged by the names and times of its keys", arguments: cases)
    func judge(_ lineage: LineageCase) throws {
        let fixture = try DueFixture()
        for key in lineage.keys {
            fixture.key(key.name, days: key.days, disabled: key.disabled, expiresInDays: key.expiresInDays)
        }
        let finding = try fixture.finding(try fixture.rotation { $0.plan = lineage.plan })
        #expect(finding.word == lineage.word, "\(finding.message)")
        #expect(finding.message.contains(lineage.message), "\(finding.message)")
    }

    @Test("what is called due with rotate, ork-create does; what is a problem, or begun, it refuses", arguments: cases)
    func createAgrees(_ lineage: LineageCase) throws {
        let fixture = try RotationFixture(waves: [:])
        fixture.simulation.with { simulated in
            for key in simulated.keys { simulated.sandbox.delete(key.hash, at: simulated.now) }
            for key in lineage.keys {
                let created = simulated.now.addingTimeInterval(-key.days * DueFixture.day)
                let expiry = key.expiresInDays.map { simulated.now.addingTimeInterval($0 * DueFixture.day) }
                let limit: OpenRouterSandbox.Money? = KeyName(parsing: key.name).isMinting ? 0 : nil
                let hash = simulated.sandbox.addKey(
                    name: key.name, limit: limit, expiresAt: expiry, at: created
                ).hash
                if key.disabled { simulated.sandbox.setDisabled(hash, at: created) }
            }
        }
        let due = try DueFixture()
        // The variable is read by the command line, before ork-create gets the plan.
        if case .environment = lineage.plan.predecessor { return }
        let finding = try #require(
            try DueStep(
                account: fixture.account(), clock: fixture.simulation,
                rotations: [due.rotation { $0.plan = lineage.plan }]
            ).run().first)
        func create(supersede: Bool) -> StepError? {
            do {
                try fixture.create {
                    $0.plan = lineage.plan
                    $0.supersedes = supersede
                }
                return nil
            } catch { return error }
        }
        switch finding.due?.action {
        case .rotate: #expect(create(supersede: false) == nil)
        case .resume: #expect(create(supersede: false)?.code == .notYet)
        case .supersede:
            #expect(create(supersede: false)?.code == .notYet)
            #expect(create(supersede: true) == nil)
        case nil:
            // A restored key is a problem for people, though ork-create would only say that two keys are live.
            if ["problem", "busy", "soaking"].contains(finding.word) { #expect(create(supersede: false) != nil) }
        }
    }

    @Test("without an age nothing is due by age, and what ends soon is due all the same")
    func noAge() throws {
        let fixture = try DueFixture()
        fixture.key(RotationFixture.base, days: 1000)
        #expect(try fixture.finding(try fixture.rotation(every: nil)).word == "current")
        let ending = try DueFixture()
        ending.key(RotationFixture.base, days: 1000, expiresInDays: 3)
        #expect(try ending.finding(try ending.rotation(every: nil)).word == "expiry rotate")
    }

    @Test("a rotation that is switched off is left out and said, and nobody is asked about it")
    func disabled() throws {
        let fixture = try DueFixture()
        fixture.key(RotationFixture.base, days: 1000)
        let transport = FakeTransport(fixture.simulation)
        let findings = try fixture.findings([try fixture.rotation { $0.isEnabled = false }], transport)
        #expect(findings.map(\.word) == ["disabled"])
        #expect(transport.exchanges.isEmpty)
    }

    @Test("two rotations of the same keys are a problem, both of them")
    func twins() throws {
        let fixture = try DueFixture()
        fixture.key(RotationFixture.base, days: 100)
        let findings = try fixture.findings([
            try fixture.rotation("a"), try fixture.rotation("b"), try fixture.rotation("c", .name("other")),
            try fixture.rotation("d") { $0.isEnabled = false },
        ])
        #expect(findings.map(\.word) == ["problem", "problem", "problem", "disabled"])
        #expect(findings[0].message.contains("the rotation b is of the same keys"))
        #expect(findings[1].message.contains("the rotation a is of the same keys"))
        #expect(findings[2].message.contains("no live key"))
    }

    @Test("a predecessor that is named by its hash is found in any workspace, and judged by its lineage there")
    func elsewhere() throws {
        let fixture = try DueFixture()
        let workspace = fixture.simulation.with { $0.sandbox.addWorkspace("Team", slug: "team", at: $0.now) }
        let hash = fixture.key("app", days: 100, workspace: workspace)
        let finding = try fixture.finding(try fixture.rotation("app", .hash(#require(KeyHash(hash)))))
        #expect(finding.word == "never_rotated rotate")
    }

    @Test("of two foreign keys of one name, the one that the plan names by its hash is judged")
    func chosen() throws {
        let fixture = try DueFixture()
        let hash = fixture.key("app", days: 100)
        _ = fixture.key("app", days: 50)
        #expect(try fixture.finding(fixture.rotation("app", .name("app"))).word == "problem")
        let finding = try fixture.finding(try fixture.rotation("app", .hash(#require(KeyHash(hash)))))
        #expect(finding.word == "never_rotated rotate")
        #expect(finding.hash?.description == hash)
    }
}
