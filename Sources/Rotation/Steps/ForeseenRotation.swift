import FoundationEssentials
package import JSON
import OpenRouter
import Rotation
import Secrets
import Timestamps

/// What `ork-create` would do: the answer of a dry run. It has no ID, as nothing has begun.
package struct ForeseenRotation: Sendable {
    let plan: Plan
    let base: String
    let predecessors: [Key]
    let bystanders: [Key]
    let abandoned: [Key]
    let settings: SuccessorSettings
    let references: SuccessorReferences

    init(_ plan: Plan, _ choice: LineageChoice, _ references: SuccessorReferences, now: Date) {
        self.references = references
        self.plan = plan
        base = choice.base
        predecessors = choice.predecessors
        bystanders = choice.bystanders
        abandoned = choice.abandoned
        settings = SuccessorSettings(plan.successor, like: choice.predecessors.last, now: now)
    }

    /// The same for people, a line for each thing that would be done.
    var lines: [String] {
        predecessors.map { "would replace \($0.name) (\($0.hash.short))" }
            + bystanders.map { "would leave \($0.name) (\($0.hash.short)) as it is: it is no part of this rotation" }
            + abandoned.map { "would delete \($0.name) (\($0.hash.short)), which was never handed out" } + [minting]
            + references.rows.map { "as it has → will have: \($0.line)" }
    }

    /// A limit that starts afresh beside one that is partly spent is more than there was, for this once.
    func newsOfAllowance(now: Date) -> String? {
        guard plan.successor.limit == .inherit, let like = predecessors.last,
            let limit = like.limit?.decimal, let left = like.limitRemaining?.decimal, left < limit,
            let turn = settings.limitReset.flatMap(Plan.LimitReset.init)?.turn(after: now)
        else { return nil }
        return
            "its limit of \(limit) USD starts afresh, though \(limit - left) USD are spent until \(turn.rfc3339): "
            + "`limit: remaining` begins with what is left"
    }

    private var minting: String {
        let model = predecessors.last.map { ", like \($0.name) (\($0.hash.short))" } ?? ""
        let limit =
            settings.allowance.map { "limit \($0.text)" }
            ?? settings.limit.map { "limit \($0.text) USD" + (settings.limitReset.map { " \($0)" } ?? "") }
        let end = settings.expiresAt.map { "expiry \($0.rfc3339)" } ?? "no expiry"
        let names = plan.targets.map(\.name.description).joined(separator: ", ")
        let places = names.isEmpty ? "no target yet" : plan.targets.count == 1 ? "target \(names)" : "targets \(names)"
        return "would mint a key named \(base)\(model): \(limit ?? "no limit"), \(end), for \(places)"
    }

    /// The same for programs, and the plan with it.
    package var json: JSONValue {
        let key: JSONObject = [
            "name": .string(base), "like": predecessors.last.map { .string($0.hash.description) } ?? .null,
            "limit": settings.limit.map { .string($0.text) } ?? .null,
            "allowance": settings.allowance?.json ?? .null,
            "limit_reset": settings.limitReset.map { .string($0) } ?? .null,
            "include_byok_in_limit": .bool(settings.includesBYOK),
            "expires_at": settings.expiresAt.map { .string($0.rfc3339) } ?? .null,
        ]
        return [
            "replace": .array(predecessors.map(Self.json)), "leave": .array(bystanders.map(Self.json)),
            "delete": .array(abandoned.map(Self.json)), "mint": .object(key),
            "references": .array(references.rows.map(\.json)), "plan": plan.json,
        ]
    }

    private static func json(_ key: Key) -> JSONValue {
        ["hash": .string(key.hash.description), "name": .string(key.name), "label": .string(key.label)]
    }
}
