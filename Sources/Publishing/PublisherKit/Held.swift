import Secrets
import Synchronization

/// What a target held before a verb did anything, as an answer tells it.
public enum Held: String, Sendable, CaseIterable {
    /// A key that the rotation replaces.
    case predecessor
    /// The new key: an earlier run has written it.
    case successor
    /// No value, or no such place.
    case nothing
    /// A value that the rotation does not know.
    case other
    /// It cannot be told.
    case unknown
}

/// What the first look at a target found, while one request is answered. Later looks may see what the verb itself wrote.
final class FirstLook: Sendable {
    private let seen = Mutex<(held: Held, digest: Digest?)?>(nil)

    /// What was found; `nil` if nobody has looked.
    var found: (held: Held, digest: Digest?)? { seen.withLock { $0 } }

    func note(_ held: Held, _ digest: Digest?) { seen.withLock { $0 = $0 ?? (held, digest) } }
}
