package import Secrets
import Sodium
import Synchronization

/// Made-up keys of OpenRouter.
package enum SampleKeys {
    /// What the target holds before.
    package static let predecessor = Secret(
        "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")
    /// What is published.
    package static let successor = Secret(
        "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")
    /// Of another rotation.
    package static let foreign = Secret(
        "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")
    /// Finds them in what must not hold them.
    package static let search = Redactor([predecessor, successor, foreign])

    private static let searches = Mutex<[[Digest]: Redactor]>([:])

    /// Finds them and these. Making a redactor takes long in a debug build, so each is made once.
    package static func search(and secrets: [Secret]) -> Redactor {
        if secrets.isEmpty { return search }
        let digests = secrets.map { Digest(of: $0) }
        if let known = searches.withLock({ $0[digests] }) { return known }
        let made = Redactor([predecessor, successor, foreign] + secrets)
        searches.withLock { $0[digests] = made }
        return made
    }

    /// A key's characters.
    package static func text(_ secret: Secret) -> String { secret.revealed() ?? "" }

    /// What a target holds, in a word.
    package static func name(_ held: String?) -> String? {
        let names = [text(predecessor): "predecessor", text(successor): "successor", text(foreign): "foreign"]
        return held.map { names[$0] ?? "other" }
    }
}
