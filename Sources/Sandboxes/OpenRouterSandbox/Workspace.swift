import FoundationEssentials
import JSON
import Secrets
import Timestamps

/// A workspace of an account.
package struct Workspace: Sendable {
    /// A UUID.
    package let id: String
    /// The id of its default guardrail, which exists from its first change on.
    let guardrail: String
    /// Its members as they are answered.
    var settings: JSONObject
    /// Who was added to it. Everybody of the organization is in the default one.
    var memberships: [Membership] = []
    /// What all its keys together may spend.
    var budgets: [Record] = []

    /// Names are not unique.
    package var name: String { settings["name"]?.string ?? "" }
    /// The name in an address, which stands for the id.
    package var slug: String { settings["slug"]?.string ?? "" }
    var json: JSONValue { .object(settings) }
    var includesBYOK: Bool { settings["include_byok_in_budgets"] == true }

    init(id: String, guardrail: String, creator: String, settings: JSONObject, at now: Date) {
        self.id = id
        self.guardrail = guardrail
        self.settings = [
            "created_at": .date(now), "created_by": .string(creator), "default_guardrail_id": .string(guardrail),
            "default_image_model": nil, "default_provider_sort": nil, "default_text_model": nil, "description": nil,
            "disabled_server_tools": nil, "id": .string(id), "include_byok_in_budgets": false,
            "io_logging_api_key_ids": nil, "io_logging_sampling_rate": 1, "is_data_discount_logging_enabled": false,
            "is_observability_broadcast_enabled": false, "is_observability_io_logging_enabled": false,
            "updated_at": nil,
        ]
        self.settings.append(settings)
    }

    /// A member's place in a workspace.
    struct Membership {
        let id: String
        let member: Member
        let createdAt: Date

        func json(in workspace: String) -> JSONValue {
            [
                "created_at": .date(createdAt), "id": .string(id), "role": member.isAdmin ? "admin" : "member",
                "user_id": .string(member.id), "workspace_id": .string(workspace),
            ]
        }
    }

    /// What can be set when a workspace is made.
    static let shape: Shape = .object(
        [
            ("name", .required(.text(1...100))), ("slug", .required(.slug)), ("description", .nullable(.text(0...500))),
            ("io_logging_api_key_ids", .nullable(.list(.integer, 0...Int.max))),
            ("io_logging_sampling_rate", .number(0.0001...1)),
            ("disabled_server_tools", .nullable(.list(tool, 0...100))),
        ] + ["default_image_model", "default_provider_sort", "default_text_model"].map { ($0, .nullable(.anyText)) }
            + [
                "is_data_discount_logging_enabled", "is_observability_broadcast_enabled",
                "is_observability_io_logging_enabled",
            ].map { ($0, .flag) })

    private static let tool: Shape = .word(
        [
            "advisor", "apply_patch", "bash", "datetime", "fusion", "image_generation", "experimental__search_models",
            "shell", "subagent", "tool_search", "web_fetch", "web_search",
        ].map { "openrouter:" + $0 })
}

extension Shape {
    /// Words of lower-case letters and digits, joined by single hyphens.
    fileprivate static let slug = rule("must be of lower-case letters, digits and single hyphens") { text in
        (1...50).contains(text.count)
            && text.split(separator: "-", omittingEmptySubsequences: false).allSatisfy { word in
                !word.isEmpty && word.utf8.allSatisfy { $0.isASCIIDigit || $0.isASCIILowercase }
            }
    }
}
