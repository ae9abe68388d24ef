import FoundationEssentials
import JSON
import OpenRouter
import OpenRouterSandbox
import Rotation
import RotationFixtures
import Secrets
import Steps
import Testing

/// A rotation whose predecessor is named by a guardrail, by two provider keys, one of them of every workspace, and by a
/// destination; the lists name a neighbour, too.
struct ReferencedAccount: Sendable {
    let fixture: RotationFixture
    /// The hashes.
    let predecessor: String
    let neighbour: String
    /// The IDs of the lists.
    let guardrail: String
    let providerKey: String
    let globalKey: String
    let destination: String

    init(change: (inout Plan) -> Void = { _ in }) throws {
        let fixture = try RotationFixture(change: change)
        self.fixture = fixture
        predecessor = try #require(fixture.simulation.value.keys.first?.hash)
        (neighbour, guardrail, providerKey, globalKey, destination) = fixture.simulation.with {
            [predecessor] simulated in
            let neighbour = simulated.sandbox.addKey(name: "neighbour").hash
            return (
                neighbour, simulated.sandbox.addGuardrail("spend", assignedTo: [neighbour, predecessor]),
                simulated.sandbox.addProviderKey("openai", allowing: [predecessor, neighbour]),
                simulated.sandbox.addProviderKey("azure", allowing: [neighbour, predecessor], isGlobal: true),
                simulated.sandbox.addDestination("langfuse", observing: [predecessor])
            )
        }
    }

    private init(_ other: Self, _ fixture: RotationFixture) {
        self.fixture = fixture
        (predecessor, neighbour, guardrail) = (other.predecessor, other.neighbour, other.guardrail)
        (providerKey, globalKey, destination) = (other.providerKey, other.globalKey, other.destination)
    }

    /// The same account, and another stage with this handoff.
    func beside(_ handoff: Handoff? = nil) -> Self { Self(self, fixture.beside(handoff)) }

    /// All lists, by their IDs; `nil` is for every key.
    var lists: [String: [String]?] { Self.lists(fixture.simulation.value.sandbox) }

    static func lists(_ sandbox: Sandbox) -> [String: [String]?] {
        var lists: [String: [String]?] = [:]
        for row in sandbox.accounts[0].keyAssignments where sandbox.key(row.subject)?.deletedAt == nil {
            lists[row.guardrail] = .some(((lists[row.guardrail] ?? nil) ?? []) + [row.subject])
        }
        for row in sandbox.accounts[0].providerKeys {
            lists[row.id] = .some(row.members["allowed_api_key_hashes"]?.array?.compactMap(\.string))
        }
        for row in sandbox.accounts[0].destinations {
            lists[row.id] = .some(row.members["api_key_hashes"]?.array?.compactMap(\.string))
        }
        return lists
    }

    /// The IDs of the lists that name a key, sorted.
    func lists(naming hash: String) -> [String] {
        lists.filter { $0.value?.contains(hash) ?? false }.map(\.key).sorted()
    }

    var all: [String] { [guardrail, providerKey, globalKey, destination].sorted() }

    /// The hash of the successor.
    func successor(sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
        try #require(try fixture.state().created, sourceLocation: sourceLocation).hash.description
    }

    /// What has to hold whenever a successor was made: it is where its predecessor is, and nobody else has gained or lost.
    func expectCarried(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let successor = try successor(sourceLocation: sourceLocation)
        #expect(lists(naming: successor) == all, sourceLocation: sourceLocation)
        #expect(lists(naming: predecessor) == all, sourceLocation: sourceLocation)
        #expect(
            lists(naming: neighbour) == [guardrail, providerKey, globalKey].sorted(), sourceLocation: sourceLocation)
        let known = Set([successor, predecessor, neighbour])
        #expect(lists.values.allSatisfy { Set($0 ?? []).isSubset(of: known) }, sourceLocation: sourceLocation)
        #expect(lists.values.allSatisfy { Set($0 ?? []).count == $0?.count }, sourceLocation: sourceLocation)
    }
}
