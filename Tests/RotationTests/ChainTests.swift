import JSON
import Rotation
import Secrets
import Sodium
import TestSupport
import Testing

@Suite(.tags(.values)) struct ChainTests {
    /// A rotation up to its end, and the digests of its heads on the way.
    private static func whole() throws -> (diary: Diary, heads: [Digest]) {
        var diary = try Diary(try Sample.header())
        var heads = [diary.handoff.head]
        func note() { heads.append(diary.handoff.head) }
        try diary.intend()
        note()
        try diary.create()
        note()
        let write = try diary.commit("web")
        note()
        try diary.verify(["web": write])
        note()
        try diary.add(.retire, .disabled, ["hash": .string(Sample.predecessor)])
        note()
        try diary.add(.retire, .deleted, ["hash": .string(Sample.predecessor)])
        note()
        return (diary, heads)
    }

    /// The handoff with only these of its records.
    private static func keeping(_ indices: [Int], of handoff: Handoff) throws -> Handoff {
        guard var json = try JSONValue(parsing: handoff.bytes(summary: [:])).object else { return handoff }
        let records = json["records"]?.array ?? []
        json["records"] = .array(indices.map { records[$0] })
        return try Handoff(parsing: JSONValue.object(json).bytes())
    }

    @Test("a cut tail is an earlier handoff", arguments: 1...6)
    func cut(count: Int) throws {
        let (diary, heads) = try Self.whole()
        let cut = try Self.keeping(Array(0..<count), of: diary.handoff)
        #expect(cut.head == heads[count])
        #expect(throws: Never.self) { try State(cut, trust: nil) }
    }

    @Test("a handoff without a record of ork-create is believed in nothing")
    func headerAlone() throws {
        let (diary, _) = try Self.whole()
        let bare = try Self.keeping([], of: diary.handoff)
        let error = #expect(throws: HandoffError.self) { try State(bare, trust: nil) }
        #expect(error?.message == "no record of ork-create vouches for what this handoff says is rotated")
        var foreign = try Diary(diary.handoff.header)
        try foreign.add(.publish, .accepted, ["target": try Sample.target("mine").json], target: "mine")
        #expect(throws: HandoffError.self) { try State(foreign.handoff, trust: nil) }
    }

    @Test("a record that is missing in the middle is noticed", arguments: 0..<5)
    func missing(index: Int) throws {
        let handoff = try Self.whole().diary.handoff
        let holed = try Self.keeping((0..<6).filter { $0 != index }, of: handoff)
        let error = #expect(throws: HandoffError.self) { try State(holed, trust: nil) }
        #expect(error?.code == .chain)
    }

    @Test("the order in the file means nothing, and a record counts once")
    func shuffled() throws {
        let handoff = try Self.whole().diary.handoff
        let shuffled = try Self.keeping([5, 3, 1, 0, 2, 4, 3, 3], of: handoff)
        #expect(shuffled.records.count == 6)
        #expect(shuffled.head == handoff.head)
        #expect(try State(shuffled, trust: nil).summary == State(handoff, trust: nil).summary)
    }

    @Test("a record of another rotation does not fit")
    func foreignRecord() throws {
        let handoff = try Self.whole().diary.handoff
        let text = String(decoding: handoff.bytes(summary: [:]), as: UTF8.self)
        let other = text.replacing(#""base": "checkout-prod""#, with: #""base": "checkout-test""#)
        let error = #expect(throws: HandoffError.self) {
            try State(try Handoff(parsing: Array(other.utf8)), trust: nil)
        }
        #expect(error?.code == .chain)
    }

    @Test("an expected head is held while nothing but retirement follows it")
    func expectedHead() throws {
        let (diary, heads) = try Self.whole()
        for (index, head) in heads.enumerated() {
            #expect(diary.handoff.holds(expectedHead: head) == (index >= 4), "head \(index)")
        }
        #expect(!diary.handoff.holds(expectedHead: Digest(of: [1, 2, 3])))
    }

    @Test("an expected head of several tips is held, too, and lost with anything else")
    func expectedHeadOfUnion() throws {
        var base = try Diary(try Sample.header([("a", 1), ("b", 1)]))
        try base.create()
        var (one, other) = (base, base)
        try one.commit("a")
        try other.commit("b")
        let half = one.handoff.head
        try one.merge(other)
        let head = one.handoff.head
        #expect(one.handoff.holds(expectedHead: head))
        #expect(!one.handoff.holds(expectedHead: half))
        try one.add(.retire, .observed, ["at": .string("2026-11-23T03:04:05Z"), "keys": [:]])
        #expect(one.handoff.holds(expectedHead: head))
        // Another tip beside retirement's, merged from a job that ran meanwhile.
        try other.commit("b", .unchanged)
        try one.merge(other)
        #expect(!one.handoff.holds(expectedHead: head))
    }
}
