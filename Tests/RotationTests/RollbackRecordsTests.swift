import FoundationEssentials
import JSON
import Rotation
import Secrets
import Sodium
import TestSupport
import Testing

/// What the records of a rollback say, and what becomes of the kept predecessor.
@Suite(.tags(.values)) struct RollbackRecordsTests {
    private static let old = Secret("sk-or-v1-" + String(repeating: "4", count: 64))

    /// A rotation whose targets hold the successor, with the predecessor kept.
    private static func published() throws -> Diary {
        var diary = try Diary(try Sample.header([("api", 1), ("web", 2)]))
        try diary.intend()
        try diary.mint()
        try diary.create()
        try diary.seal(to: try Sample.identity())
        try diary.keep(old, for: try Sample.identity())
        try diary.commit("api")
        try diary.commit("web")
        return diary
    }

    private static func place(_ name: String) throws -> JSONObject {
        [
            "digest": .string(Digest(of: old).description),
            "place": .string(try Sample.target(name).place.description),
        ]
    }

    @Test("from its first record on, nothing else is next")
    func begun() throws {
        var diary = try Self.published()
        try diary.add(.rollback, .rollingBack)
        let state = try diary.state
        #expect(state.phase == .rollingBack)
        #expect(state.next == "ork-rollback")
        #expect(state.turn(at: Sample.start) == .rollback)
        #expect(state.deployment(at: Sample.start) == .none)
        #expect(!state.isFinished)
    }

    @Test("a target that was put back does not count as published, and what publish writes later takes that back")
    func putBack() throws {
        var diary = try Self.published()
        try diary.add(.rollback, .rollingBack)
        try diary.add(.rollback, .rolledBack, try Self.place("web"), target: "web")
        let web = try Sample.target("web", wave: 2)
        #expect(try diary.state.putBack(web)?.digest == Digest(of: Self.old))
        #expect(try diary.state.putBack(web)?.isByHand == false)
        #expect(try !diary.state.isPublished(Sample.name("web")))
        #expect(try diary.state.isPublished(Sample.name("api")))
        var written = diary
        try written.commit("web")
        #expect(try written.state.putBack(web) == nil)
        // What certainly was not written leaves it as it was.
        try diary.add(.publish, .rejected, ["code": "denied"], target: "web")
        #expect(try diary.state.putBack(web) != nil)
        try diary.add(.rollback, .unknown, target: "web")
        #expect(try diary.state.putBack(web) == nil)
    }

    @Test("its end is the end of the rotation, and drops the boxes of both keys")
    func finished() throws {
        var diary = try Self.published()
        let before = diary.handoff
        try diary.add(.rollback, .rollingBack)
        try diary.add(.rollback, .finished, ["dropped": true])
        #expect(try diary.state.phase == .rolledBack)
        #expect(try diary.state.isFinished)
        #expect(try diary.state.next == nil)
        #expect(try diary.state.turn(at: Sample.start) == .done)
        #expect(diary.handoff.kept.isEmpty)
        // An earlier copy does not bring them back.
        var older = before
        try older.merge(diary.handoff)
        #expect(older.kept.isEmpty)
        #expect(older.sealed.isEmpty)
        var newer = diary.handoff
        try newer.merge(before)
        #expect(newer.kept.isEmpty)
    }

    @Test("the kept predecessor is written, read and merged, and opens for its owner alone")
    func kept() throws {
        let diary = try Self.published()
        let bytes = diary.handoff.bytes(summary: [:])
        let read = try Handoff(parsing: bytes)
        #expect(read.kept == diary.handoff.kept)
        #expect(try State(read, trust: nil).isPredecessorKept)
        let box = try #require(read.kept.first)
        #expect(box.open(with: try Sample.identity(), expecting: Digest(of: Self.old)) == Self.old)
        #expect(box.open(with: try Identity.generate(), expecting: Digest(of: Self.old)) == nil)
        #expect(box.open(with: try Sample.identity(), expecting: Digest(of: Sample.key)) == nil)
        var twice = read
        try twice.merge(diary.handoff)
        #expect(twice.kept.count == 1)
        // Dropping the successor early leaves the predecessor.
        var dropped = diary
        try dropped.add(
            .verify, .verified,
            ["digest": .string(Digest(of: Sample.key).description), "writes": [:], "dropped": true])
        var merged = read
        try merged.merge(dropped.handoff)
        #expect(merged.sealed.isEmpty)
        #expect(merged.kept.count == 1)
        // A handoff of an earlier version has none.
        let text = String(decoding: Handoff(header: diary.handoff.header).bytes(summary: [:]), as: UTF8.self)
        #expect(!text.contains("kept\""))
    }

    @Test("the predecessor that a target held first is the one that is put back")
    func replaced() throws {
        var diary = try Diary(try Sample.header())
        try diary.intend()
        try diary.mint()
        try diary.create()
        for key in ["1", "2"] {
            try diary.add(
                .publish, .committed,
                [
                    "digest": .string(Digest(of: Sample.key).description), "held": "predecessor",
                    "replaced": .string("sha256:" + String(repeating: key, count: 64)),
                ], target: "web")
        }
        #expect(try diary.state.replaced(Sample.name("web"))?.hex == String(repeating: "1", count: 64))
    }

    @Test("a rotation keeps its predecessor unless its plan says otherwise")
    func plan() throws {
        var plan = Plan(predecessor: .name("checkout-prod"))
        #expect(plan.json["keep_predecessor"] == true)
        plan.keepsPredecessor = false
        #expect(try Plan(plan.json, unknownKeys: .refused) == plan)
        // One that was begun by an earlier version says nothing.
        #expect(try Plan(["predecessor": ["name": "x"]], unknownKeys: .refused).keepsPredecessor)
    }
}
