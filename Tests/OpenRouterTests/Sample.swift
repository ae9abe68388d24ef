import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import Secrets
import Testing
import Timestamps

/// The values that these tests share.
enum Sample {
    static let base = "https://openrouter.example/api/v1"
    static let managementKey = "sk-or-v1-management"
    static let applicationKey = "sk-or-v1-application"
    static let hashText = String(repeating: "0123456789abcdef", count: 4)
    static let now = Date(timeIntervalSince1970: 1_795_402_800)

    static func hash() throws -> KeyHash { try #require(KeyHash(hashText)) }

    static func management() throws -> ManagementAPI {
        ManagementAPI(baseURL: try HTTPURL(base), managementKey: Secret(managementKey))
    }

    static func inference() throws -> InferenceAPI {
        InferenceAPI(baseURL: try HTTPURL(base), key: Secret(applicationKey))
    }

    /// A key object as the newest API writes it, with some fields changed; `nil` takes a field away.
    static func keyJSON(_ changes: [String: JSONValue?] = [:]) -> JSONValue {
        var object: JSONObject = [
            "hash": .string(hashText), "name": "checkout", "label": "sk-or-v1-0e6...1c96",
            "created_at": "2026-08-24T10:30:00.123456Z", "updated_at": "2026-08-24T15:45:00Z",
            "workspace_id": "0df9e665-d932-5740-b2c7-b52af166bc11", "creator_user_id": "user_2dHF",
            "external_user": nil, "disabled": false, "limit": 100, "limit_remaining": .number("74.5"),
            "limit_reset": "monthly", "include_byok_in_limit": false, "usage": .number("25.5"), "usage_daily": 1,
            "usage_weekly": 1, "usage_monthly": 1, "byok_usage": .number("17.38"), "byok_usage_daily": 0,
            "byok_usage_weekly": 0, "byok_usage_monthly": 0, "last_used_at": "2026-11-22T00:00:00Z",
            "expires_at": "2027-12-31T23:59:59Z", "something_new": ["nested": true],
        ]
        for (field, value) in changes { object[field] = value }
        return .object(object)
    }

    /// What `GET /key` answers, changed in the same way.
    static func currentKeyJSON(_ changes: [String: JSONValue?] = [:]) -> JSONValue {
        var object: JSONObject = [
            "label": "sk-or-v1-0e6...1c96", "limit": 100, "limit_remaining": .number("74.5"), "limit_reset": "monthly",
            "include_byok_in_limit": false, "usage": .number("25.5"), "byok_usage": .number("17.38"),
            "is_free_tier": false, "is_management_key": false, "is_provisioning_key": false,
            "expires_at": "2027-12-31T23:59:59Z", "rate_limit": ["requests": -1, "interval": "1h", "note": "old"],
        ]
        for (field, value) in changes { object[field] = value }
        return .object(object)
    }

    /// Reads a key as a list has it.
    static func key(_ changes: [String: JSONValue?] = [:]) throws -> OpenRouter.Key {
        let stub = Stub(.get, "/keys/\(hashText)", ["data": keyJSON(changes)])
        return try #require(try send(stub, management().key(hash())))
    }

    /// Sends one call to one stub and returns its answer.
    static func send<Answer>(_ stub: Stub, _ call: APICall<Answer>) throws -> Answer {
        let transport = FakeTransport([stub])
        defer { transport.expectAllUsed() }
        return try OpenRouterClient(transport: transport).send(call).value
    }

    /// Sends one call to one stub and returns its error.
    static func failure<Answer>(_ stub: Stub, _ call: APICall<Answer>) throws -> OpenRouterError {
        try #require(throws: OpenRouterError.self) { _ = try send(stub, call) }
    }
}

extension JSONValue {
    /// A number in the text it shall be written in.
    static func number(_ text: String) -> JSONValue { JSONNumber(text).map { .number($0) } ?? .null }
}
