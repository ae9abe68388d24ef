package import FoundationEssentials
import HTTP
package import JSON
import SandboxWire
import Timestamps

/// `/observability/destinations`: where traces go, and of which keys.
extension Sandbox {
    /// How many destinations of a type a workspace may have.
    private static let mostOfAType = 5

    mutating func answerDestinations(_ call: Call) throws(APIError) -> Reply {
        guard call.path.count > 1, call.path[1] == "destinations" else { throw .notFound }
        let rows = accounts[call.account].destinations
        switch (call.method, call.path.count) {
        case (.get, 2): return (200, try listDestinations(call))
        case (.post, 2): return (201, try createDestination(call))
        case (.get, 3): return (200, ["data": shown(rows[try rows.index(of: call.path[2])])])
        case (.patch, 3): return (200, try updateDestination(call))
        case (.delete, 3):
            accounts[call.account].destinations.remove(at: try rows.index(of: call.path[2]))
            return (200, ["deleted": true])
        default: throw .notFound
        }
    }

    /// The destinations of a workspace, but for those of a type that is not stable yet.
    private func listDestinations(_ call: Call) throws(APIError) -> JSONValue {
        let workspace = try listedWorkspace(call)
        let rows = accounts[call.account].destinations.filter { row in
            row.workspace == workspace && DestinationConfig(row) != nil
        }
        return ["data": .array(try call.page(rows).map(shown)), "total_count": .count(rows.count)]
    }

    private mutating func createDestination(_ call: Call) throws(APIError) -> JSONValue {
        let wish = try call.object(Destination.shape)
        let workspace = try targetWorkspace(wish, call)
        guard let config = DestinationConfig(wish) else { throw .invalid("type", "must be a stable type") }
        let members = Destination.row(random.uuid(), wish, workspace: workspace, at: call.now)
        var row = Record(members: members)
        row.members["config"] = try config.shape.read(wish["config"] ?? .null, as: "config")
        let alike = accounts[call.account].destinations.count { other in
            other.workspace == workspace && other.members["type"] == wish["type"]
        }
        guard alike < Self.mostOfAType else {
            throw APIError(409, "A workspace can have at most \(Self.mostOfAType) destinations of a type")
        }
        accounts[call.account].destinations.append(row)
        return ["data": shown(row)]
    }

    /// What is named replaces what there was; in `config`, member by member, and a masked value is not taken.
    private mutating func updateDestination(_ call: Call) throws(APIError) -> JSONValue {
        let index = try accounts[call.account].destinations.index(of: call.path[2])
        guard !behaviour.locksPrivacy else { throw APIError(403, "Privacy settings are locked") }
        let wish = try call.object(Destination.change)
        var row = accounts[call.account].destinations[index]
        if let changes = wish["config"]?.object, let config = DestinationConfig(row) {
            var merged = row.members["config"]?.object ?? [:]
            let masked = config.masked(row.members["config"] ?? .null)
            for (name, value) in changes.members where value != masked[name] { merged[name] = value }
            row.members["config"] = try config.shape.read(.object(merged), as: "config")
        }
        row.members.append(Destination.spread(wish))
        row.members["updated_at"] = .date(call.now)
        accounts[call.account].destinations[index] = row
        return ["data": shown(row)]
    }

    private func shown(_ row: Record) -> JSONValue {
        var row = row
        if let config = DestinationConfig(row) {
            row.members["config"] = config.masked(row.members["config"] ?? .null)
        }
        return shown(row, hashes: "api_key_hashes")
    }

    /// Adds a destination that observes only these keys, or all of them for `nil`; returns its id. It belongs to the
    /// default workspace if none is given, and is a webhook unless its type and configuration are among the settings.
    @discardableResult
    package mutating func addDestination(
        _ name: String, observing hashes: [String]?, settings: JSONObject = [:], workspace: String? = nil,
        account: Int = 0, at now: Date = Date(timeIntervalSince1970: 1_767_225_600)
    ) -> String {
        var wish: JSONObject = [
            "type": "webhook", "config": ["method": "POST", "url": "https://example.com/openrouter-events"],
            "name": .string(name), "api_key_hashes": .hashes(hashes),
        ]
        wish.append(settings)
        let home = workspace ?? accounts[account].defaultWorkspace ?? ""
        let row = Record(members: Destination.row(random.uuid(), wish, workspace: home, at: now))
        accounts[account].destinations.append(row)
        return row.id
    }
}

/// The members of a destination.
private enum Destination {
    static let shape: Shape = .object(
        [
            ("type", .required(.word(DestinationConfig.types))), ("name", .required(.anyText)),
            ("config", .required(.map(.anything))), ("workspace_id", .uuid),
            ("api_key_hashes", .nullable(.list(.anyText, 1...Int.max))), ("filter_rules", .nullable(rules)),
            ("sampling_rate", .number(0.0001...1)),
            ("regions", .list(.word(["global", "europe", "us", "eu"]), 1...Int.max)),
        ] + flags.map { ($0, .flag) })

    /// Neither the type nor the workspace can be changed.
    static let change: Shape = {
        guard case .object(let members) = shape.change else { return shape }
        return .object(members.filter { !["type", "workspace_id"].contains($0.name) })
    }()

    private static let flags =
        ["enabled", "privacy_mode", "broadcast_generation_cost", "broadcast_generation_cost_allocation"]
        + ["broadcast_generation_identity", "broadcast_generation_request_context"]

    private static let rules: Shape = .object([
        ("enabled", .filled(.flag, with: true)), ("groups", .required(.list(group, 0...Int.max))),
    ])
    private static let group: Shape = .object([
        ("logic", .filled(.word(["and", "or"]), with: "and")), ("rules", .required(.list(rule, 0...Int.max))),
    ])
    private static let rule: Shape = .object([
        (
            "field",
            .required(
                .word([
                    "model", "provider", "session_id", "user_id", "api_key_name", "finish_reason", "input", "output",
                    "total_cost", "total_tokens", "prompt_tokens", "completion_tokens",
                ]))
        ),
        (
            "operator",
            .required(
                .word([
                    "equals", "not_equals", "contains", "not_contains", "regex", "starts_with", "ends_with", "gt",
                    "lt", "gte", "lte", "exists", "not_exists",
                ]))
        ),
        ("value", .either(.anyText, .amount)),
    ])

    static func row(_ id: String, _ wish: JSONObject, workspace: String, at now: Date) -> JSONObject {
        var members: JSONObject = [
            "api_key_hashes": nil, "config": [:], "created_at": .date(now), "filter_rules": nil, "id": .string(id),
            "regions": ["global"], "sampling_rate": 1,
        ]
        for name in flags { members[name] = .bool(name == "enabled") }
        members.append(spread(wish))
        members["config"] = wish["config"]
        members["updated_at"] = .date(now)
        members["workspace_id"] = .string(workspace)
        return members
    }

    /// The wish without its configuration, which is read by type, and with `eu` under its other name.
    static func spread(_ wish: JSONObject) -> JSONObject {
        var wish = wish
        wish["config"] = nil
        if let regions = wish["regions"]?.array {
            wish["regions"] = .array(regions.map { $0 == "eu" ? "europe" : $0 })
        }
        return wish
    }
}
