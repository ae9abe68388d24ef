import JSON
import OpenRouter
import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct LineageTests {
    private let mark = "2026-11-23 ork:" + KeyNameTests.id

    private func key(
        _ name: String, _ hash: String = "aa", created: String = "2026-08-24T10:30:00Z", disabled: Bool = false,
        expires: String? = nil
    ) throws -> Key {
        // As ork-create mints it: without the means to spend, and never used.
        let isMinted = KeyName(parsing: name).isMinting
        return try Sample.key([
            "limit": isMinted ? 0 : 25, "usage": isMinted ? 0 : 1, "byok_usage": 0, "last_used_at": .null,
            "name": .string(name), "hash": .string(hash), "created_at": .string(created), "disabled": .bool(disabled),
            "expires_at": expires.map { .string($0) } ?? .null,
        ])
    }

    @Test func itHasTheKeysOfOneBase() throws {
        let names = [
            "checkout", "checkout \(mark)", "checkout \(mark) minting", "checkout disabled:2026-11-23T03:04:05Z",
            "checkout-prod", "Checkout", "checkout minting", "checkout 2", "other \(mark)",
        ]
        let lineage = Lineage(base: "checkout", among: try names.map { try key($0) })
        #expect(lineage.keys.map(\.name) == Array(names.prefix(4)))
    }

    @Test func theOldestStandsFirstAndTiesAreSettledByHash() throws {
        let keys = try [
            key("a", "dd", created: "2026-08-24T10:30:00.200Z"), key("a", "cc", created: "2026-08-24T10:30:00.100Z"),
            key("a", "bb", created: "2026-08-24T10:30:00.200Z"), key("a", "ee", created: "2026-08-24T10:30:00Z"),
            key("a", "ff", created: "2025-08-24T10:30:01Z"),
        ]
        let expected = ["ff", "ee", "cc", "bb", "dd"]
        #expect(Lineage(base: "a", among: keys).keys.map(\.hash.description) == expected)
        #expect(Lineage(base: "a", among: keys.reversed()).keys.map(\.hash.description) == expected)
    }

    @Test func keysAreLiveMintingOrSoaking() throws {
        let past = "2026-11-23T02:59:59Z"
        let lineage = try Lineage(
            base: "a",
            among: [
                key("a", "live"), key("a \(mark)", "later", expires: "2026-11-23T03:00:01Z"),
                key("a", "gone", expires: past), key("a", "gone2", disabled: true, expires: past),
                key("a \(mark) minting", "new"), key("a \(mark) minting", "new2", disabled: true),
                key("a \(mark)", "off", disabled: true),
                key("a disabled:2026-11-23T03:04:05Z", "off2", disabled: true),
                key("a disabled:2026-11-23T03:04:05Z", "restored"),
            ])
        #expect(lineage.live(at: Sample.now).map(\.hash.description) == ["later", "live", "restored"])
        #expect(lineage.minting.map(\.hash.description) == ["new", "new2"])
        #expect(lineage.disabled(at: Sample.now).map(\.hash.description) == ["off", "off2"])
        #expect(lineage.soaking(at: Sample.now).map(\.hash.description) == ["off2"])
        #expect(lineage.restored(at: Sample.now).map(\.hash.description) == ["restored"])
    }

    @Test func aStrangerIsLiveAndUnknown() throws {
        let keys = try [
            key("a", "old", disabled: true), key("a", "ours"), key("a \(mark) minting", "new"), key("b", "b"),
        ]
        let ours = try #require(KeyHash("ours"))
        #expect(Lineage(base: "a", among: keys).unknownKey(besides: [ours], at: Sample.now) == nil)
        #expect(Lineage(base: "a", among: keys).unknownKey(besides: [], at: Sample.now)?.hash == ours)
    }

    @Test(
        "the mark alone makes no key that may be deleted: whoever uses it, or may spend with it, has been given it",
        arguments: [
            ("limit", 5), ("limit", .null), ("usage", .number("0.000001")), ("byok_usage", 1),
            ("last_used_at", "2026-11-22T00:00:00Z"),
        ] as [(String, JSONValue)])
    func marked(field: String, value: JSONValue) throws {
        var fields: [String: JSONValue] = [
            "name": .string("a \(mark) minting"), "created_at": "2025-01-01T00:00:00Z", "limit": 0, "usage": 0,
            "byok_usage": 0, "last_used_at": .null, "expires_at": .null,
        ]
        #expect(try Sample.key(fields).isAbandoned(at: Sample.now))
        fields[field] = value
        let key = try Sample.key(fields)
        #expect(!key.isAbandoned(at: Sample.now))
        #expect(Lineage(base: "a", among: [key]).live(at: Sample.now) == [key])
    }

    @Test(
        "a key is being minted for an hour at most",
        arguments: [("2026-11-23T02:00:01Z", false), ("2026-11-23T02:00:00Z", true)])
    func abandoned(created: String, isAbandoned: Bool) throws {
        let minting = try key("a \(mark) minting", created: created)
        #expect(minting.isAbandoned(at: Sample.now) == isAbandoned)
        #expect(Lineage(base: "a", among: [minting]).beingMinted(at: Sample.now).isEmpty == isAbandoned)
        #expect(try !key("a \(mark)", created: created).isAbandoned(at: Sample.now))
    }
}
