package import Secrets

/// Made-up keys of OpenRouter.
package enum SampleKeys {
    /// What the target holds before.
    package static let predecessor = Secret("sk-or-v1-" + String(repeating: "1a", count: 32))
    /// What is published.
    package static let successor = Secret("sk-or-v1-" + String(repeating: "2b", count: 32))
    /// Of another rotation.
    package static let foreign = Secret("sk-or-v1-" + String(repeating: "3c", count: 32))
    /// Finds them in what must not hold them.
    package static let search = Redactor([predecessor, successor, foreign])

    /// A key's characters.
    package static func text(_ secret: Secret) -> String { secret.revealed() ?? "" }

    /// What a target holds, in a word.
    package static func name(_ held: String?) -> String? {
        let names = [text(predecessor): "predecessor", text(successor): "successor", text(foreign): "foreign"]
        return held.map { names[$0] ?? "other" }
    }
}
