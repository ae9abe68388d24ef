import OpenRouterSandbox
import Rotation
import RotationFixtures
import Steps
import TestSupport
import Testing

/// What names the successor on its way back. It is there for as long as somebody may call with it.
@Suite(.tags(.values)) struct RolledBackReferencesTests {
    /// A published rotation, and what its lists named before it began.
    private static func published() throws -> (account: ReferencedAccount, before: [String: [String]?]) {
        let account = try ReferencedAccount()
        let before = account.lists
        try account.fixture.create()
        try account.fixture.publishAndVerify()
        try account.expectCarried()
        return (account, before)
    }

    /// Rolls back as often as it takes, with the applications at work. Answers how many exchanges that were.
    private static func goBack(
        _ fixture: RotationFixture, _ fault: (Int, FakeTransport.Fault)? = nil, look: @escaping @Sendable () -> Void
    ) -> Int {
        let transport = FakeTransport(
            fixture.simulation, faults: fault.map { [$0: $1] } ?? [:],
            before: Dictionary(uniqueKeysWithValues: (1...200).map { ($0, look) }))
        for _ in 0..<20 where (try? fixture.rollback(transport)) == nil {
            fixture.simulation.with { $0.useAll() }
            fixture.simulation.pass(3700)
        }
        return transport.exchanges.count
    }

    @Test("whatever dies, the successor is in every list until it is deleted, and in the end each is what it was")
    func order() throws {
        let (account, before) = try Self.published()
        let (successor, all) = (try account.successor(), account.all)
        let handoff = account.fixture.journal.handoff
        func run(_ fault: (Int, FakeTransport.Fault)? = nil) -> Int {
            let fixture = account.fixture.copied(handoff)
            let simulation = fixture.simulation
            let count = Self.goBack(fixture, fault) {
                let sandbox = simulation.value.sandbox
                guard sandbox.key(successor)?.deletedAt == nil else { return }
                let naming = ReferencedAccount.lists(sandbox).filter { $0.value?.contains(successor) ?? false }
                #expect(naming.map(\.key).sorted() == all, "\(String(describing: fault))")
            }
            #expect(fixture.known?.isRolledBack == true, "\(String(describing: fault))")
            #expect(ReferencedAccount.lists(simulation.value.sandbox) == before, "\(String(describing: fault))")
            return count
        }
        for exchange in 1...run() {
            for fault in [FakeTransport.Fault.drop, .loseReply, .status(500)] { _ = run((exchange, fault)) }
        }
    }
}
