import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
import Rotation
import RotationFixtures
import Secrets
import Steps
import Synchronization
import TestSupport
import Testing
import Timestamps

/// The successor is where its predecessor is before it may spend, whatever happens on the way.
@Suite(.tags(.values)) struct CarriedReferencesTests {
    @Test func theSuccessorIsNamedEverywhereBeforeItMaySpendInSixRoundTrips() throws {
        let account = try ReferencedAccount()
        let simulation = account.fixture.simulation
        let seen = Mutex<(limit: OpenRouterSandbox.Money?, lists: Int)>((nil, 0))
        let transport = FakeTransport(
            simulation,
            before: [
                6: {
                    let simulated = simulation.value
                    guard let key = simulated.keys.last else { return }
                    let lists = ReferencedAccount.lists(simulated.sandbox)
                    seen.withLock {
                        $0 = (key.limit, lists.values.count { $0?.contains(key.hash) ?? false })
                    }
                }
            ])
        try account.fixture.create(transport)
        #expect(transport.exchanges.count == 6)
        #expect(seen.withLock { $0.limit } == 0)
        #expect(seen.withLock { $0.lists } == 4)
        try account.expectCarried()
        #expect(simulation.value.sandbox.key(try account.successor())?.limit == 25)
    }

    @Test func ownerAndExternalUserAreCopied() throws {
        let account = try ReferencedAccount()
        account.fixture.simulation.with { simulated in
            simulated.sandbox.manage(
                .post, ["keys"], ["name": "partner", "limit": 5, "external": ["user": "acme/42"]], at: simulated.now)
        }
        var fixture = account.fixture.beside()
        fixture.plan.predecessor = .name("partner")
        try fixture.create()
        let key = try #require(fixture.simulation.value.keys.last)
        #expect(key.externalUser == "acme/42")
        #expect(fixture.announcements.warnings.contains { $0.contains("external.api_key") })
    }

    struct Point: CustomTestStringConvertible, Sendable {
        let exchange: Int
        let fault: FakeTransport.Fault
        var testDescription: String { "\(fault) at exchange \(exchange)" }
    }

    static let points: [Point] = (1...6).flatMap { exchange in
        [FakeTransport.Fault.drop, .loseReply, .status(429), .status(503), .status(500)].map {
            Point(exchange: exchange, fault: $0)
        }
    }

    @Test("a failing exchange, then the same handoff", arguments: points)
    func sameHandoff(point: Point) throws {
        let account = try ReferencedAccount()
        _ = try? account.fixture.create(
            FakeTransport(account.fixture.simulation, faults: [point.exchange: point.fault]))
        try account.fixture.create()
        try account.expectCarried()
        #expect(account.fixture.minting.isEmpty)
    }

    @Test(
        "a failing exchange, then no handoff and --supersede: what was minted leaves nothing behind", arguments: points)
    func lostHandoff(point: Point) throws {
        let lost = try ReferencedAccount()
        _ = try? lost.fixture.create(FakeTransport(lost.fixture.simulation, faults: [point.exchange: point.fault]))
        let account = lost.beside()
        try account.fixture.create { $0.supersedes = true }
        let successor = try account.successor()
        #expect(account.lists(naming: successor) == account.all)
        let keys = Set(account.fixture.simulation.value.keys.map(\.hash))
        #expect(account.lists.values.allSatisfy { Set($0 ?? []).isSubset(of: keys) })
        #expect(account.fixture.minting.isEmpty)
    }

    @Test("the journal fails", arguments: 1...3, [true, false])
    func journal(failing: Int, hasHandoff: Bool) throws {
        let account = try ReferencedAccount()
        let first = account.fixture.failing(failing)
        #expect(throws: StepError.self) { try first.create() }
        let again = account.beside(hasHandoff ? first.journal.handoff : nil)
        try again.fixture.create { $0.supersedes = !hasHandoff }
        let keys = Set(again.fixture.simulation.value.keys.map(\.hash))
        #expect(again.lists(naming: try again.successor()) == again.all)
        #expect(again.lists.values.allSatisfy { Set($0 ?? []).isSubset(of: keys) })
    }

    @Test("whoever loses to another creator leaves no reference behind")
    func rival() throws {
        let account = try ReferencedAccount()
        let simulation = account.fixture.simulation
        // It is named everywhere, and dies before it is activated.
        _ = try? account.fixture.create(FakeTransport(simulation, faults: [6: .drop]))
        simulation.with { simulated in
            _ = simulated.sandbox.addKey(
                name: RotationFixture.base, limit: 25, at: simulated.now.addingTimeInterval(-90))
        }
        account.fixture.refused(.notYet, "was created first") { () throws(StepError) in try account.fixture.create() }
        let keys = Set(simulation.value.keys.map(\.hash))
        #expect(account.lists.values.allSatisfy { Set($0 ?? []).isSubset(of: keys) })
        #expect(account.lists(naming: account.predecessor) == account.all)
    }

    /// What another hand does to a list just before or after it is changed.
    enum Hand: CaseIterable {
        case deletesTheList, opensItToAll, takesTheSuccessorOut, takesTheNeighbourOut, addsANeighbour,
            deletesTheNeighbour
    }

    @Test("another hand at a list, at once", arguments: Hand.allCases)
    func hands(hand: Hand) throws {
        let account = try ReferencedAccount()
        let (id, predecessor, neighbour) = (account.providerKey, account.predecessor, account.neighbour)
        let other = account.fixture.simulation.with { $0.sandbox.addKey(name: "other").hash }
        let path = ["byok", id]
        @Sendable func list(_ hashes: [String]) -> JSONValue {
            ["allowed_api_key_hashes": .array(hashes.map { .string($0) })]
        }
        account.fixture.simulation.with { simulated in
            // A third key that no other list names.
            guard hand == .deletesTheNeighbour else { return }
            simulated.sandbox.manage(.patch, path, list([predecessor, neighbour, other]), at: simulated.now)
        }
        let (before, after) = (
            SandboxFault(
                .patch, "byok/\(id)",
                .before { sandbox, now in
                    switch hand {
                    case .deletesTheList: sandbox.manage(.delete, path, [:], at: now)
                    case .addsANeighbour: sandbox.manage(.patch, path, list([predecessor, neighbour, other]), at: now)
                    default: break
                    }
                }),
            SandboxFault(
                .patch, "byok/\(id)",
                .after { sandbox, now in
                    switch hand {
                    case .opensItToAll: sandbox.manage(.patch, path, ["allowed_api_key_hashes": nil], at: now)
                    case .takesTheSuccessorOut: sandbox.manage(.patch, path, list([predecessor, neighbour]), at: now)
                    case .takesTheNeighbourOut:
                        let all = ReferencedAccount.lists(sandbox)[id] ?? nil
                        sandbox.manage(.patch, path, list((all ?? []).filter { $0 != neighbour }), at: now)
                    case .deletesTheNeighbour:
                        let all = ReferencedAccount.lists(sandbox)[id] ?? nil
                        sandbox.delete(other, at: now)
                        sandbox.manage(.patch, path, list((all ?? []).filter { $0 != other }), at: now)
                    default: break
                    }
                })
        )
        account.fixture.simulation.with {
            $0.sandbox.add(hand == .deletesTheList || hand == .addsANeighbour ? before : after)
        }
        try account.fixture.create()
        let successor = try account.successor()
        let hashes = account.lists[id]
        switch hand {
        case .deletesTheList:
            #expect(hashes == nil)
            #expect(account.fixture.announcements.warnings.contains { $0.contains("does not exist any more") })
        case .opensItToAll: #expect(hashes == .some(nil))
        case .takesTheSuccessorOut: #expect(Set((hashes ?? nil) ?? []) == [predecessor, neighbour, successor])
        case .takesTheNeighbourOut:
            #expect(Set((hashes ?? nil) ?? []) == [predecessor, neighbour, successor])
            #expect(account.fixture.announcements.warnings.contains { $0.contains("is put back") })
        // Nobody can see what comes between reading and writing: the API has no condition to set.
        case .addsANeighbour: #expect(Set((hashes ?? nil) ?? []) == [predecessor, neighbour, successor])
        case .deletesTheNeighbour: #expect(Set((hashes ?? nil) ?? []) == [predecessor, neighbour, successor])
        }
    }

    @Test(
        "a refused or lost change is settled by reading",
        arguments: [
            SandboxFault.Effect.lose(502), .lose(409), .refuse(409), .refuse(503),
        ])
    func answers(effect: SandboxFault.Effect) throws {
        for path in ["byok", "observability/destinations"] {
            let account = try ReferencedAccount()
            account.fixture.simulation.with { $0.sandbox.add(SandboxFault(.patch, path, effect)) }
            try account.fixture.create()
            try account.expectCarried()
        }
        let account = try ReferencedAccount()
        account.fixture.simulation.with { $0.sandbox.add(SandboxFault(.post, "guardrails", effect)) }
        try account.fixture.create()
        try account.expectCarried()
    }
}
