import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import TestSupport
import Testing
import Timestamps

/// Fields that are missing, null or odd.
@Suite(.tags(.values)) struct KeyReadingTests {
    static let required = [
        "hash", "name", "label", "created_at", "disabled", "limit", "limit_remaining", "include_byok_in_limit", "usage",
        "byok_usage",
    ]

    @Test("a missing field is named", arguments: required)
    func missing(field: String) throws { try expectUnusable(field, nil) }

    @Test("null is no value of these", arguments: required.filter { !$0.hasPrefix("limit") })
    func null(field: String) throws { try expectUnusable(field, .some(.null)) }

    @Test(
        "a value of another kind is not guessed at",
        arguments: [
            ("hash", "a/b"), ("hash", ""), ("hash", 1), ("name", 1), ("created_at", "yesterday"), ("created_at", 1),
            ("disabled", "false"), ("disabled", 0), ("limit", "much"), ("limit", true), ("limit_remaining", [:]),
            ("limit_reset", 1), ("include_byok_in_limit", "true"), ("usage", "1,5"), ("usage", .number("1e400")),
            ("expires_at", ""), ("expires_at", "never"), ("last_used_at", false), ("workspace_id", 1),
            ("updated_at", "2026"),
        ] as [(String, JSONValue)])
    func odd(field: String, value: JSONValue) throws { try expectUnusable(field, value) }

    private func expectUnusable(_ field: String, _ value: JSONValue?) throws {
        let stub = Stub(.get, "/keys/" + Sample.hashText, ["data": Sample.keyJSON([field: value])])
        let error = try Sample.failure(stub, Sample.management().key(Sample.hash()))
        #expect(error.code == .unexpected)
        #expect(error.message.hasSuffix(" " + field))
    }

    @Test(
        "fields of newer APIs may be absent",
        arguments: [
            "updated_at", "workspace_id", "creator_user_id", "limit_reset", "expires_at", "last_used_at",
            "external_user", "usage_daily",
        ])
    func absent(field: String) throws {
        #expect(try Sample.key([field: JSONValue?.none]).name == "checkout")
    }

    @Test("all that may be null may be null")
    func nulls() throws {
        let key = try Sample.key([
            "limit": .null, "limit_remaining": .null, "limit_reset": .null, "expires_at": .null, "updated_at": .null,
            "creator_user_id": .null, "workspace_id": .null, "last_used_at": .null,
        ])
        #expect(key.limit == nil && key.limitRemaining == nil && key.limitReset == nil && key.expiresAt == nil)
        #expect(key.updatedAt == nil && key.creatorUserID == nil && key.workspaceID == nil)
        #expect(key.lastUsedAt == .never)
    }

    @Test func absentLastUseIsNotNever() throws {
        #expect(try Sample.key(["last_used_at": JSONValue?.none]).lastUsedAt == .unreported)
    }

    @Test(
        "amounts are exact in every form",
        arguments: [
            (.number("1e-6"), "0", "0.000001"), (.number("0.1"), .number("0.2"), "0.3"), (.number("1E+2"), 0, "100"),
            ("2.5", "0.25", "2.75"), (0, 0, "0"), (.number("0.30000000000000004"), 0, "0.30000000000000004"),
            (.number("-0"), 0, "0"),
        ] as [(JSONValue, JSONValue, String)])
    func amounts(usage: JSONValue, byokUsage: JSONValue, total: String) throws {
        #expect(try Sample.key(["usage": usage, "byok_usage": byokUsage]).usageTotal == Decimal(string: total))
    }

    @Test(
        "a key may spend when it is enabled, not expired, and something is left",
        arguments: [
            ([:], true), (["disabled": true], false), (["limit_remaining": 0], false),
            (["limit_remaining": .number("0.000001")], true), (["limit_remaining": .number("-0.5")], false),
            (["limit_remaining": nil], true), (["expires_at": "2026-11-23T03:00:00Z"], false),
            (["expires_at": "2026-11-23T03:00:01Z"], true), (["expires_at": nil], true),
        ] as [([String: JSONValue], Bool)])
    func spending(changes: [String: JSONValue], expected: Bool) throws {
        #expect(try Sample.key(changes.mapValues { $0 }).maySpend(at: Sample.now) == expected)
    }
}
