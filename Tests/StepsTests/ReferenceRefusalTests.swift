import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
import Rotation
import RotationFixtures
import Secrets
import Steps
import TestSupport
import Testing
import Timestamps

/// What cannot be carried over is told before anything is minted where that can be known, with the way on.
@Suite(.tags(.values)) struct ReferenceRefusalTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let message: String
        let hint: String
        var code = StepError.Code.failed
        /// Whether it is known before anything is minted.
        var isEarly = true
        let hand: @Sendable (ReferencedAccount, inout SimulatedState) -> Void
    }

    static let rows: [Row] = [
        Row(
            testDescription: "a full list", message: "has no room for the successor: it takes 100 keys at the most",
            hint: "--byok-references ignore`"
        ) {
            account, simulated in
            let others = (0..<98).map { simulated.sandbox.addKey(name: "other \($0)").hash }
            simulated.sandbox.manage(
                .patch, ["byok", account.providerKey],
                [
                    "allowed_api_key_hashes": .array(
                        ([account.predecessor, account.neighbour] + others).map { .string($0) })
                ],
                at: simulated.now)
        },
        Row(
            testDescription: "a list that names a deleted key", message: "which is no key any more",
            hint: "`ork-create --drop-dead-references`"
        ) { account, simulated in simulated.sandbox.delete(account.neighbour, at: simulated.now) },
        Row(
            testDescription: "a list that names a disabled key, where it takes none",
            message: "which is disabled, and OpenRouter does not take the successor into it",
            hint: "enable it, or take it out of the list, at openrouter.ai, then `ork-create`", isEarly: false
        ) { account, simulated in
            simulated.sandbox.setDisabled(account.neighbour, at: simulated.now)
            simulated.sandbox.behaviour.refusesDisabledKeys = true
        },
        Row(
            testDescription: "a guardrail of another workspace", message: "is of another workspace",
            hint: "--guardrail-references ignore`"
        ) { account, simulated in
            let workspace = simulated.sandbox.addWorkspace("Other")
            let other = simulated.sandbox.addGuardrail("other", assignedTo: [account.predecessor], workspace: workspace)
            simulated.sandbox.manage(.get, ["guardrails", other], [:], at: simulated.now)
        },
        Row(
            testDescription: "a locked destination",
            message: "observability destination langfuse does not take the successor",
            hint: "`ork-create --ignore-references`", code: .denied, isEarly: false
        ) { _, simulated in simulated.sandbox.behaviour.locksPrivacy = true },
    ]

    @Test("what cannot be carried over is told, and can be done without", arguments: rows)
    func refusals(row: Row) throws {
        let account = try ReferencedAccount()
        account.fixture.simulation.with { row.hand(account, &$0) }
        let error = account.fixture.refused(row.code, row.message) { () throws(StepError) in
            try account.fixture.create()
        }
        #expect(error?.hint?.contains(row.hint) == true, "\(error?.hint ?? "")")
        #expect(error?.isRetryable == false)
        #expect((account.fixture.journal.handoff == nil) == row.isEarly)
        #expect(account.fixture.minting.isEmpty == row.isEarly)
        try account.fixture.create { $0.ignoresReferences = true }
        #expect(try account.fixture.state().ignoresReferences)
        #expect(
            account.fixture.live.count == 3 || row.testDescription.hasPrefix("a list that names a d")
                || row.testDescription == "a full list")
    }

    @Test func deletedKeysAreTakenOutWhereSomebodySaysSo() throws {
        let account = try ReferencedAccount()
        account.fixture.simulation.with { [neighbour = account.neighbour] in
            $0.sandbox.delete(neighbour, at: $0.now)
        }
        try account.fixture.create { $0.dropsDeadReferences = true }
        let successor = try account.successor()
        #expect(account.lists(naming: successor) == account.all)
        #expect(account.lists(naming: account.neighbour) == [])
    }

    @Test("what one kind of list is to do", arguments: [Plan.Reference.carry, .ignore, .refuse])
    func ways(way: Plan.Reference) throws {
        let account = try ReferencedAccount { $0.successor.references.byok = way }
        guard way != .refuse else {
            account.fixture.refused(.failed, "is named by BYOK provider key azure, BYOK provider key openai") {
                () throws(StepError) in try account.fixture.create()
            }
            return #expect(account.fixture.simulation.writes() == [])
        }
        try account.fixture.create()
        let successor = try account.successor()
        let others = [account.guardrail, account.destination].sorted()
        #expect(account.lists(naming: successor) == (way == .carry ? account.all : others))
        #expect(account.fixture.announcements.warnings.contains { $0.contains("add it by hand") } == (way == .ignore))
    }

    @Test func aDryRunShowsWhatItHasAndWillHave() throws {
        let account = try ReferencedAccount()
        try account.fixture.create(dryRun: true)
        let said = account.fixture.announcements.all.compactMap { if case .doing(let text) = $0 { text } else { nil } }
        #expect(said.contains { $0.hasSuffix("guardrail spend: 2 keys → 3 keys, the successor among them") })
        #expect(said.contains { $0.contains("BYOK provider key openai: 2 keys → 3 keys") })
        #expect(said.contains { $0.contains("default guardrail: governed by it, as every key of Default → ") })
        #expect(account.fixture.simulation.writes() == [])
    }

    @Test(
        "rules that go by the name of the key are told",
        arguments: [
            ("equals", RotationFixture.base, true), ("starts_with", RotationFixture.base, false),
            ("not_equals", RotationFixture.base, true), ("ends_with", "-prod", true), ("contains", "checkout", false),
            ("regex", "^checkout-prod$", true),
        ])
    func names(comparison: String, value: String, isTold: Bool) throws {
        let account = try ReferencedAccount()
        account.fixture.simulation.with { simulated in
            let rule: JSONValue = [
                "field": "api_key_name", "operator": .string(comparison), "value": .string(value),
            ]
            simulated.sandbox.addDestination(
                "bucket", observing: nil, settings: ["filter_rules": ["groups": [["rules": [rule]]]]])
        }
        try account.fixture.create()
        let isWarned = account.fixture.announcements.warnings.contains { $0.contains("goes by the key's name") }
        #expect(isWarned == isTold)
    }
}
