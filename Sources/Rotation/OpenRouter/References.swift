import HTTP
import JSON
package import Secrets

/// The tie between a key and its guardrail; a key has one at most.
package struct GuardrailAssignment: Sendable, Hashable {
    package let id: String
    package let guardrailID: String
    package let keyHash: KeyHash

    init(_ fields: AnswerFields) throws(OpenRouterError) {
        id = try fields.string("id")
        guardrailID = try fields.identifier("guardrail_id")
        keyHash = try fields.hash("key_hash")
    }
}

/// Limits and rules for the keys that are assigned to it.
package struct Guardrail: Sendable, Hashable {
    package let id: String
    package let name: String
    /// It takes keys of this workspace only; `nil`: of any.
    package let workspaceID: String?

    init(_ fields: AnswerFields) throws(OpenRouterError) {
        id = try fields.identifier("id")
        name = try fields.string("name")
        workspaceID = try fields.optionalString("workspace_id")
    }
}

/// A part of an account with keys and rules of its own.
package struct Workspace: Sendable, Hashable {
    package let id: String
    package let name: String
    /// The guardrail that governs its keys without being assigned to them.
    package let defaultGuardrailID: String?
    /// Whether it logs the requests of some keys only, which it knows by numbers that no key shows.
    package let logsSomeKeys: Bool

    init(_ fields: AnswerFields) throws(OpenRouterError) {
        id = try fields.string("id")
        name = try fields.string("name")
        defaultGuardrailID = try fields.optionalString("default_guardrail_id")
        logsSomeKeys = fields["io_logging_api_key_ids"]?.array?.isEmpty == false
    }
}

/// A provider's key that the account brought along (BYOK).
package struct BYOKKey: Sendable, Hashable {
    package let id: String
    package let name: String?
    package let provider: String
    /// `nil`: every workspace of the account.
    package let workspaceID: String?
    /// The keys that may use it; `nil`: all.
    package let allowedKeyHashes: [KeyHash]?

    init(_ fields: AnswerFields) throws(OpenRouterError) {
        id = try fields.identifier("id")
        name = try fields.optionalString("name")
        provider = try fields.string("provider")
        workspaceID = try fields.optionalString("workspace_id")
        allowedKeyHashes = try fields.nullableHashes("allowed_api_key_hashes")
    }
}

/// A place to which OpenRouter reports generations.
package struct ObservabilityDestination: Sendable, Hashable {
    package let id: String
    package let name: String?
    /// `nil`: every workspace of the account.
    package let workspaceID: String?
    /// The keys that it watches; `nil`: all.
    package let keyHashes: [KeyHash]?
    /// Its rules that go by a key's name.
    package let nameRules: [NameRule]
    /// Whether the name of a key is part of the path at which a generation is kept.
    package let hasNameInPath: Bool

    init(_ fields: AnswerFields) throws(OpenRouterError) {
        id = try fields.identifier("id")
        name = try fields.optionalString("name")
        workspaceID = try fields.optionalString("workspace_id")
        keyHashes = try fields.nullableHashes("api_key_hashes")
        let groups = fields["filter_rules"]?["groups"]?.array ?? []
        nameRules = groups.flatMap { $0["rules"]?.array ?? [] }.compactMap(NameRule.init)
        hasNameInPath = fields["config"]?["pathTemplate"]?.string?.contains("{apiKeyName}") ?? false
    }

    /// A rule that selects generations by the name of their key.
    package struct NameRule: Sendable, Hashable {
        /// `equals`, `not_equals`, `contains`, `starts_with`, `regex` and others.
        package let comparison: String
        package let value: String?

        init?(_ rule: JSONValue) {
            guard rule["field"]?.string == "api_key_name", let comparison = rule["operator"]?.string else { return nil }
            self.comparison = comparison
            value = rule["value"]?.string
        }
    }
}

/// One page of a list that tells its length.
package struct Page<Row: Sendable>: Sendable {
    package let rows: [Row]
    /// How many rows stand before this page.
    package let offset: Int
    /// How many rows the whole list has.
    package let total: Int

    /// How many rows are read at most.
    private static var limit: Int { 100_000 }

    /// Where the pages behind this one begin. One that is not full is not the last: rows of deleted keys are taken out of a page
    /// when it is made (OpenRouter's Terraform provider).
    package var furtherOffsets: [Int] {
        Array(stride(from: offset + ManagementAPI.pageSize, to: total, by: ManagementAPI.pageSize))
    }

    init(
        _ fields: AnswerFields, at offset: Int, _ row: (AnswerFields) throws(OpenRouterError) -> Row
    ) throws(OpenRouterError) {
        rows = try fields.list("data").read(row)
        self.offset = offset
        total = try fields.count("total_count")
        // Each page is asked for at once: a number that no account has would be as many requests.
        guard (0...Self.limit).contains(total) else { throw fields.error("total_count") }
    }
}

extension ManagementAPI {
    /// One page of what ties keys to guardrails, over all workspaces.
    package func guardrailAssignments(offset: Int = 0) -> APICall<Page<GuardrailAssignment>> {
        page("/guardrails/assignments/keys", workspace: nil, offset, GuardrailAssignment.init)
    }

    /// One page of a workspace's guardrails.
    package func guardrails(workspace: String? = nil, offset: Int = 0) -> APICall<Page<Guardrail>> {
        page("/guardrails", workspace: workspace, offset, Guardrail.init)
    }

    /// One guardrail; `nil` if there is none.
    package func guardrail(_ id: String) -> APICall<Guardrail?> {
        endpoint.call(.get, "/guardrails/\(id)", missing: Guardrail?.none) { fields throws(OpenRouterError) in
            try Guardrail(fields.fields("data"))
        }
    }

    /// One page of a workspace's provider keys, with the keys that may use them.
    package func byokKeys(workspace: String? = nil, offset: Int = 0) -> APICall<Page<BYOKKey>> {
        page("/byok", workspace: workspace, offset, BYOKKey.init)
    }

    /// One page of a workspace's observability destinations, with the keys they watch.
    package func observabilityDestinations(
        workspace: String? = nil, offset: Int = 0
    ) -> APICall<Page<ObservabilityDestination>> {
        page("/observability/destinations", workspace: workspace, offset, ObservabilityDestination.init)
    }

    /// One page of the account's workspaces.
    package func workspaces(offset: Int = 0) -> APICall<Page<Workspace>> {
        page("/workspaces", workspace: nil, offset, Workspace.init)
    }

    private func page<Row: Sendable>(
        _ path: String, workspace: String?, _ offset: Int,
        _ row: @escaping @Sendable (AnswerFields) throws(OpenRouterError) -> Row
    ) -> APICall<Page<Row>> {
        var query = [("limit", String(Self.pageSize)), ("offset", String(offset))]
        if let workspace { query.append(("workspace_id", workspace)) }
        return endpoint.call(.get, path, query: query) { fields throws(OpenRouterError) in
            try Page(fields, at: offset, row)
        }
    }
}
