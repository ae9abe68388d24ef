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

/// A predecessor goes when everything that names it names its successor, and is then taken out.
@Suite(.tags(.values)) struct RetiredReferencesTests {
    /// A rotation that is ready to be retired.
    private static func quiet(change: (inout Plan) -> Void = { _ in }) throws -> ReferencedAccount {
        let account = try ReferencedAccount(change: change)
        try account.fixture.create()
        try account.fixture.publishAndVerify()
        account.fixture.simulation.pass(7200)
        account.fixture.simulation.with { $0.useAll() }
        _ = try? account.fixture.retire()
        account.fixture.simulation.pass(3700)
        account.fixture.simulation.with { $0.useAll() }
        return account
    }

    private func expectRetired(
        _ account: ReferencedAccount, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(try account.fixture.state().isFinished, sourceLocation: sourceLocation)
        #expect(account.lists(naming: account.predecessor) == [], sourceLocation: sourceLocation)
        let successor = try account.successor(sourceLocation: sourceLocation)
        #expect(account.lists(naming: successor) == account.all, sourceLocation: sourceLocation)
        #expect(
            account.lists(naming: account.neighbour)
                == [account.guardrail, account.providerKey, account.globalKey].sorted(), sourceLocation: sourceLocation)
    }

    @Test func aDeletedPredecessorIsTakenOutOfEveryList() throws {
        let account = try Self.quiet()
        try account.fixture.retireWaiting()
        try expectRetired(account)
        let deleted = try #require(account.fixture.journal.handoff?.records.last { $0.event == .deleted })
        #expect(deleted.detail["lists"]?.array?.count == 3)
    }

    @Test("wherever the answer is lost, running again ends the same", arguments: 1...10)
    func faults(exchange: Int) throws {
        for fault in [FakeTransport.Fault.drop, .loseReply, .status(503)] {
            let account = try Self.quiet()
            let simulation = account.fixture.simulation
            for _ in 0..<2 { _ = try? account.fixture.retire(FakeTransport(simulation, faults: [exchange: fault])) }
            simulation.pass(3700)
            simulation.with { $0.useAll() }
            try account.fixture.retireWaiting()
            try expectRetired(account)
        }
    }

    @Test("the journal fails, and running again ends the same", arguments: 1...6)
    func journal(failing: Int) throws {
        let account = try Self.quiet()
        let first = account.fixture.failing(failing)
        try? first.retireWaiting()
        let again = account.beside(first.journal.handoff)
        try again.fixture.retireWaiting()
        try expectRetired(again)
    }

    @Test func aListThatNamesThePredecessorAndNotTheSuccessorIsInTheWayUntilCreateMendsIt() throws {
        let account = try ReferencedAccount()
        try account.fixture.create()
        try account.fixture.publishAndVerify()
        // Somebody has made it meanwhile; somebody else has overwritten another one.
        let added = account.fixture.simulation.with { [account] simulated in
            simulated.sandbox.manage(
                .patch, ["byok", account.providerKey],
                ["allowed_api_key_hashes": [.string(account.predecessor), .string(account.neighbour)]],
                at: simulated.now)
            return simulated.sandbox.addProviderKey("anthropic", allowing: [account.predecessor])
        }
        account.fixture.simulation.pass(7200)
        account.fixture.simulation.with { $0.useAll() }
        _ = try? account.fixture.retire()
        account.fixture.simulation.pass(3700)
        account.fixture.simulation.with { $0.useAll() }
        let error = account.fixture.refused(
            .failed, "BYOK provider key anthropic, BYOK provider key openai name checkout-prod and not "
        ) { () throws(StepError) in try account.fixture.retire() }
        #expect(error?.hint?.contains("`ork-create`") == true)
        #expect(account.fixture.simulation.value.sandbox.key(account.predecessor)?.disabled == false)
        try account.fixture.create()
        let successor = try account.successor()
        #expect(account.lists(naming: successor) == (account.all + [added]).sorted())
        try account.fixture.verify()
        try account.fixture.retireWaiting()
        #expect(account.lists(naming: account.predecessor) == [])
        #expect(account.lists[added] == .some([successor]))
    }

    @Test func whatIsIgnoredIsInNobodysWay() throws {
        let account = try ReferencedAccount()
        try account.fixture.create { $0.ignoresReferences = true }
        try account.fixture.publishAndVerify()
        account.fixture.simulation.pass(7200)
        account.fixture.simulation.with { $0.useAll() }
        try account.fixture.retireWaiting()
        #expect(try account.fixture.state().isFinished)
        #expect(account.lists[account.destination] == .some([account.predecessor]))
    }

    @Test func aChecklistIsWaitedForWhereThePlanSaysSo() throws {
        let account = try Self.quiet { $0.retire.checklist = .confirm }
        let error = account.fixture.refused(.notYet, "workload identity") { () throws(StepError) in
            try account.fixture.retire()
        }
        #expect(error?.hint == "then `ork-retire --checklist-done`")
        #expect(account.fixture.simulation.value.sandbox.key(account.predecessor)?.disabled == false)
        _ = try? account.fixture.retire { $0.isChecklistDone = true }
        #expect(try account.fixture.state().isChecklistDone)
        try account.fixture.retireWaiting()
        try expectRetired(account)
    }
}
