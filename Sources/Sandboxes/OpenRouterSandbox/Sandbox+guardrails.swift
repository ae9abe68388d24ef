package import FoundationEssentials
import HTTP
package import JSON
import SandboxWire
import Timestamps

/// `/guardrails`: what keys and members may do, without their assignments.
extension Sandbox {
    mutating func answerGuardrails(_ call: Call) throws(APIError) -> Reply {
        switch (call.method, call.path.count) {
        case (.get, 1): return (200, try listGuardrails(call))
        case (.post, 1): return (201, try createGuardrail(call))
        case (.get, 2):
            let rows = accounts[call.account].guardrails
            return (200, ["data": rows[try rows.index(of: call.path[1])].json])
        case (.patch, 2): return (200, try updateGuardrail(call))
        case (.delete, 2):
            let rows = accounts[call.account].guardrails
            removeGuardrail(rows[try rows.index(of: call.path[1])].id, account: call.account)
            return (200, ["deleted": true])
        default: return try answerAssignments(call)
        }
    }

    private func listGuardrails(_ call: Call) throws(APIError) -> JSONValue {
        let workspace = try listedWorkspace(call)
        let rows = accounts[call.account].guardrails.filter { $0.workspace == workspace }
        return ["data": .array(try call.page(rows).map(\.json)), "total_count": .count(rows.count)]
    }

    private mutating func createGuardrail(_ call: Call) throws(APIError) -> JSONValue {
        let wish = try call.object(Guardrail.shape)
        guard wish["limit_usd"].isSet == wish["reset_interval"].isSet else {
            throw .invalid("limit_usd", "and reset_interval must be set together")
        }
        let workspace = try targetWorkspace(wish, call)
        let row = Guardrail.row(random.uuid(), wish, workspace: workspace, at: call.now)
        accounts[call.account].guardrails.append(row)
        return ["data": row.json]
    }

    /// Changes a guardrail; a workspace's default one exists from its first change on.
    private mutating func updateGuardrail(_ call: Call) throws(APIError) -> JSONValue {
        let id = call.path[1].lowercased()
        let owner = accounts[call.account].workspaces.first { $0.guardrail == id }
        var rows = accounts[call.account].guardrails
        let existing = rows.firstIndex { $0.id == id }
        guard owner != nil || existing != nil else { throw .notFound }
        let wish = try call.object(Guardrail.shape.change)
        if owner != nil, wish["name"] != nil {
            throw .invalid("name", "of a workspace's default guardrail cannot be changed")
        }
        if let existing {
            rows[existing].members.append(Guardrail.spread(wish))
            rows[existing].members["updated_at"] = .date(call.now)
        } else if let owner {
            var wish = wish
            wish["name"] = .string(owner.name + " default guardrail")
            rows.append(Guardrail.row(id, wish, workspace: owner.id, at: call.now))
        }
        accounts[call.account].guardrails = rows
        return ["data": rows[try rows.index(of: id)].json]
    }

    /// Removes a guardrail with its assignments.
    mutating func removeGuardrail(_ id: String, account: Int) {
        accounts[account].guardrails.removeAll { $0.id == id }
        accounts[account].keyAssignments.removeAll { $0.guardrail == id }
        accounts[account].memberAssignments.removeAll { $0.guardrail == id }
    }

    /// Adds a guardrail to a workspace, the default one if none is given, and assigns it to these keys; returns its id.
    /// `isUnscoped` makes one that belongs to no workspace, as they were made before there were workspaces.
    @discardableResult
    package mutating func addGuardrail(
        _ name: String, assignedTo hashes: [String], settings: JSONObject = [:], workspace: String? = nil,
        isUnscoped: Bool = false, account: Int = 0, at now: Date = Date(timeIntervalSince1970: 1_767_225_600)
    ) -> String {
        var wish = settings
        wish["name"] = .string(name)
        let home = isUnscoped ? nil : workspace ?? accounts[account].defaultWorkspace
        let row = Guardrail.row(random.uuid(), wish, workspace: home, at: now)
        accounts[account].guardrails.append(row)
        for hash in hashes { assign(hash, to: row.id, account: account, at: now) }
        return row.id
    }
}

/// The members of a guardrail.
private enum Guardrail {
    static let shape: Shape = .object(
        [("name", .required(.text(1...200))), ("workspace_id", .uuid), ("description", .nullable(.text(0...1000)))]
            + flags.map { ($0, .nullable(.flag)) }
            + slugs.map { ($0, .nullable(.list(.anyText, 1...Int.max))) }
            + [
                ("allowed_data_regions", .nullable(.list(.word(["global", "europe", "us"]), 1...Int.max))),
                ("content_filter_builtins", .nullable(.list(builtin, 0...Int.max))),
                ("content_filters", .nullable(.list(filter, 0...Int.max))),
                ("include_byok_in_budgets", .filled(.flag, with: false)),
                ("limit_usd", .nullable(.amount)),
                ("reset_interval", .nullable(.period)),
            ])

    private static let retention = ["anthropic", "google", "openai", "xai", "other"].map { "enforce_zdr_" + $0 }
    private static let flags =
        [
            "enable_free_model_publication", "enable_free_model_training", "enable_paid_model_training", "enforce_zdr",
            "allow_safety_retention_google", "allow_safety_retention_other",
        ] + retention
    private static let slugs = ["allowed_models", "allowed_providers", "ignored_models", "ignored_providers"]

    private static let actions: Shape = .required(.word(["redact", "block", "flag"]))
    private static let filter: Shape = .object([
        ("action", actions), ("label", .nullable(.text(0...100))), ("pattern", .required(.someText)),
    ])
    private static let builtin: Shape = .object([
        ("action", actions), ("label", .text(0...100)), ("scan_scope", .word(["user_only", "all_messages"])),
        (
            "slug",
            .required(
                .word([
                    "email", "phone", "ssn", "credit-card", "ip-address", "person-name", "address",
                    "regex-prompt-injection",
                ]))
        ),
    ])

    static func row(_ id: String, _ wish: JSONObject, workspace: String?, at now: Date) -> Record {
        var members: JSONObject = ["id": .string(id)]
        for name in flags + slugs + ["description", "allowed_data_regions", "content_filter_builtins"] {
            members[name] = .null
        }
        for name in ["content_filters", "limit_usd", "reset_interval", "updated_at"] { members[name] = .null }
        members["include_byok_in_budgets"] = false
        members.append(spread(wish))
        members["workspace_id"] = .text(workspace)
        members["created_at"] = .date(now)
        return Record(members: members)
    }

    /// The wish with what follows from it: `enforce_zdr` stands for every provider that is not named, and the labels of
    /// the built-in filters are the system's own.
    static func spread(_ wish: JSONObject) -> JSONObject {
        var wish = wish
        if let enforced = wish["enforce_zdr"] {
            for name in retention where wish[name] == nil { wish[name] = enforced }
        }
        if let builtins = wish["content_filter_builtins"]?.array {
            wish["content_filter_builtins"] = .array(
                builtins.map { entry in
                    var members = entry.object ?? [:]
                    members["label"] = .string("[\(members["slug"]?.string?.uppercased() ?? "")]")
                    return .object(members)
                })
        }
        return wish
    }
}

extension JSONValue? {
    /// Whether the member is there and is not `null`.
    var isSet: Bool { self != nil && self != .some(.null) }
}
