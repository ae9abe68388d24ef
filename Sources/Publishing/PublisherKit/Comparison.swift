public import Secrets
import Sodium
import Timestamps

/// What a target holds, as this request sees it.
public enum Comparison: Sendable, Hashable {
    /// No value: the successor may be written.
    case nothing
    /// The successor itself: there is nothing to write.
    case same
    /// A value that the successor may replace: a predecessor, or any value where the request does not limit them.
    case expected
    /// A value that this rotation does not know: `publish` and `check` answer `conflict`.
    case other
}

extension PublisherRequest {
    /// Whether the target may be written, by the digest of what it holds; `nil` if it holds nothing.
    public func compare(held digest: Digest?) -> Comparison {
        guard let digest else { return .nothing }
        if digest == self.digest { return .same }
        return expect?.contains(digest) ?? true ? .expected : .other
    }

    /// Whether the target may be written, by what it holds; `nil` if it holds nothing.
    public func compare(held value: Secret?) -> Comparison { compare(held: value.map { Digest(of: $0) }) }

    /// The key to write. Throws `configuration` where the request has none, as only `publish` does.
    public func requireSecret() throws(PublisherError) -> Secret {
        guard let secret else { throw PublisherError(.configuration, "the request has no secret") }
        return secret
    }

    /// Whether `rotation`, an id that a target was marked with, certainly began after this request's rotation.
    /// Of two that began in the same millisecond, and of what is no such id, nobody knows.
    public func isOlder(than rotation: String) -> Bool {
        guard let ours = ULID(self.rotation), let theirs = ULID(rotation) else { return false }
        return theirs.date > ours.date
    }
}
