import JSON
import Rotation
import Secrets
import Sodium
import TestSupport
import Testing

@Suite(.tags(.values)) struct MergeTests {
    /// Three jobs that publish in parallel from one handoff.
    private static func branches() throws -> (base: Diary, branches: [Handoff]) {
        var base = try Diary(try Sample.header([("a", 1), ("b", 1), ("c", 1)]))
        try base.intend()
        try base.create()
        let branches = try ["a", "b", "c"].map { name in
            var branch = base
            try branch.commit(name)
            try branch.seal(to: try Identity.generate())
            return branch.handoff
        }
        return (base, branches)
    }

    private func merged(_ handoffs: [Handoff]) throws -> Handoff {
        var result = handoffs[0]
        for other in handoffs.dropFirst() { try result.merge(other) }
        return result
    }

    private func expectSame(_ one: Handoff, _ other: Handoff) throws {
        #expect(Set(one.records) == Set(other.records))
        #expect(Set(one.sealed) == Set(other.sealed))
        #expect(one.records.count == other.records.count)
        #expect(one.head == other.head)
        #expect(one.tips == other.tips)
        let (left, right) = (try State(one, trust: nil), try State(other, trust: nil))
        #expect(left.summary == right.summary)
        #expect(left.lastWrite == right.lastWrite)
        #expect(left.targets.mapValues(\.held) == right.targets.mapValues(\.held))
    }

    @Test(
        "the union is the same in whatever order it is made",
        arguments: [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]])
    func order(_ order: [Int]) throws {
        let branches = try Self.branches().branches
        let (union, other) = (try merged(branches), try merged(order.map { branches[$0] }))
        try expectSame(union, other)
        #expect(union.records.count == 5)
        #expect(union.tips.count == 3)
        #expect(try State(union, trust: nil).isPublished)
    }

    @Test("it does not matter what is merged with what first")
    func associativity() throws {
        let branches = try Self.branches().branches
        let left = try merged([try merged([branches[0], branches[1]]), branches[2]])
        let right = try merged([branches[0], try merged([branches[1], branches[2]])])
        try expectSame(left, right)
    }

    @Test("merging the same again changes nothing")
    func idempotence() throws {
        let (base, branches) = try Self.branches()
        let union = try merged(branches)
        #expect(try merged([union, union]) == union)
        #expect(try merged([union, branches[1], base.handoff]) == union)
    }

    @Test("what follows a union names all of its tips")
    func following() throws {
        var union = try merged(try Self.branches().branches)
        let tips = union.tips
        let entry = Entry(.verify, .checked, message: "seen")
        let record = try union.append(entry, at: Sample.start, by: Sample.identity())
        #expect(record.after == tips)
        #expect(union.tips == [record.digest])
        #expect(union.head == record.digest)
    }

    @Test("handoffs of two rotations are not merged")
    func foreign() throws {
        var one = Handoff(header: try Sample.header())
        let other = Handoff(header: try Sample.header(id: "01JDB5T8WV0123456789ABCDEG"))
        let error = #expect(throws: HandoffError.self) { try one.merge(other) }
        #expect(error?.code == .foreign)
    }

    @Test("two creators' successors contradict each other")
    func contradiction() throws {
        var one = try Diary(try Sample.header())
        try one.intend()
        var other = one
        try one.create()
        try other.create(String(repeating: "c", count: 64))
        try one.merge(other)
        let error = #expect(throws: HandoffError.self) { try one.state }
        #expect(error?.code == .contradiction)
        #expect(error?.hint != nil)
    }

    @Test("a successor that was given up does not contradict the other")
    func strays() throws {
        let hash = String(repeating: "c", count: 64)
        var one = try Diary(try Sample.header())
        try one.intend()
        var other = one
        try one.mint()
        try one.create()
        try other.mint(hash)
        try other.add(.create, .stray, ["hash": .string(hash)])
        try one.merge(other)
        #expect(try one.state.created?.hash.description == Sample.successor)
        #expect(try one.state.strays.map(\.description) == [hash])
        #expect(try one.state.minted.count == 1)
    }

    @Test("parallel jobs that add one target agree; two places under one name contradict each other")
    func additions() throws {
        var base = try Diary(try Sample.header())
        try base.intend()
        func adding(_ target: Plan.Target) throws -> Diary {
            var diary = base
            try diary.add(.publish, .accepted, ["target": target.json], target: target.name.description)
            return diary
        }
        var one = try adding(Sample.target("new"))
        try one.merge(adding(Sample.target("new")))
        #expect(try one.state.plan.targets.map(\.name.description) == ["new", "web"])
        // The same place under another name is the same target.
        try one.merge(adding(Sample.target("newer", path: "new.env")))
        #expect(try one.state.plan.targets.count == 2)
        try one.merge(adding(Sample.target("new", path: "elsewhere.env")))
        let error = #expect(throws: HandoffError.self) { try one.state }
        #expect(error?.code == .contradiction)
    }
}
