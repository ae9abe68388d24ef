package import JSON
import PublisherKit
package import Rotation

/// What a publisher said of its target in this run, for programs: `--json` lists them.
package struct TargetFinding: Sendable {
    package let name: PlanName
    /// The word of the contract: `ready`, `committed`, `unchanged`, `rejected` or `unknown`.
    package let outcome: String
    /// The contract's code of what went wrong.
    package let code: String?
    /// Lower case, no full stop, without anything secret.
    package let message: String
    package let hint: String?
    /// What the target held before, as far as the answer tells: a word of the contract.
    package let held: String?

    init(_ name: PlanName, _ answer: PublisherAnswer, message: String, failure: PublishStep.Failure?) {
        self.name = name
        outcome = failure.map { $0.isUnknown ? "unknown" : "rejected" } ?? answer.outcome.word
        code = failure?.error.code.rawValue
        self.message = message
        hint = failure?.error.hint
        held = answer.held == .unknown ? nil : answer.held.rawValue
    }

    /// The finding as an object; what is not known is left out.
    package var json: JSONValue {
        var json: JSONObject = ["name": .string(name.description), "outcome": .string(outcome)]
        json["code"] = code.map { .string($0) }
        json["message"] = .string(message)
        json["hint"] = hint.map { .string($0) }
        json["held"] = held.map { .string($0) }
        return .object(json)
    }
}
