import Secrets

/// Made-up keys.
enum Keys {
    static let predecessor = Secret("sk-or-v1-" + String(repeating: "1a", count: 32))
    static let successor = Secret("sk-or-v1-" + String(repeating: "2b", count: 32))
    static let foreign = Secret("sk-or-v1-" + String(repeating: "3c", count: 32))
    static let search = Redactor([predecessor, successor, foreign])

    static func text(_ secret: Secret) -> String { secret.revealed() ?? "" }

    /// What a secret holds, in a word.
    static func name(_ held: String?) -> String? {
        let names = [text(predecessor): "predecessor", text(successor): "successor", text(foreign): "foreign"]
        return held.map { names[$0] ?? "other" }
    }
}
