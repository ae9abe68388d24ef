public import Secrets
import Sodium
import Timestamps

/// What a target holds, as this request sees it.
public enum Comparison: Sendable, Hashable {
    /// No value: the target would be made, which takes a yes (`refusalToMake`).
    case nothing
    /// The key of the request itself, the successor for the most part: there is nothing to write.
    case same
    /// A value that the successor may replace: a predecessor, or any value where the request does not limit them.
    case expected
    /// A value that this rotation does not know: `publish` and `check` answer `conflict`.
    case other
}

extension PublisherRequest {
    /// Whether the target may be written, by the digest of what it holds; `nil` if it holds nothing.
    ///
    /// The first look that a verb takes is what its answer says the target held.
    public func compare(held digest: Digest?) -> Comparison { compare(digest, value: nil) }

    /// Whether the target may be written, by what it holds; `nil` if it holds nothing.
    ///
    /// Who has the value hands it over here, so that a predecessor can be sealed where the host asks for it. A key with a
    /// line end behind it may be replaced by the key alone.
    public func compare(held value: Secret?) -> Comparison {
        let digest = value.map { Digest(of: $0) }
        guard let value, comparison(with: digest) == .other else { return compare(digest, value: value) }
        for known in expect ?? [] where known != self.digest {
            if let key = known.key(in: value) { return compare(known, value: key) }
        }
        guard self.digest.key(in: value) != nil else {
            // The host may know whose key it is.
            firstLook.note(.other, Digest(of: value.withoutLineEnd))
            return .other
        }
        // Not quite the key itself: whoever asks for that gets it written anew.
        firstLook.note(.unknown, nil)
        return .expected
    }

    private func compare(_ digest: Digest?, value: Secret?) -> Comparison {
        let comparison = comparison(with: digest)
        firstLook.note(held(comparison), digest, value)
        return comparison
    }

    private func comparison(with digest: Digest?) -> Comparison {
        guard let digest else { return .nothing }
        if digest == self.digest { return .same }
        return expect?.contains(digest) ?? true ? .expected : .other
    }

    private func held(_ comparison: Comparison) -> Held {
        switch comparison {
        case .nothing: .nothing
        case .same: .successor
        // A request that limits nothing does not say which of them is a predecessor.
        case .expected: expect == nil ? .unknown : .predecessor
        case .other: .other
        }
    }

    /// The key to write. Throws `configuration` where the request has none.
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

extension Digest {
    /// The key of this digest in what a target holds; `nil` if it holds another.
    ///
    /// One line end behind it is none of its own: `echo KEY |` and `kubectl create secret --from-file` put it there, and
    /// whatever reads the key takes it off.
    package func key(in value: Secret) -> Secret? {
        if Digest(of: value) == self { return value }
        let key = value.withoutLineEnd
        return key.count < value.count && Digest(of: key) == self ? key : nil
    }
}

// A target that is made, and not changed, is news: a mistyped path or name looks the same, and then the application goes
// on reading the predecessor somewhere else.
extension PublisherRequest {
    /// Why a target that holds nothing is not written: nobody has said that it is to be made. `nil` where somebody has.
    ///
    /// `absence` is what is missing, such as "no file app.env".
    public func refusalToMake(_ absence: String, hint: String? = nil, field: String? = nil) -> PublisherError? {
        firstLook.note(.nothing, nil)
        guard !create else { return nil }
        // A check that comes before the rotation is told by its own flag: there is nothing yet that could be published.
        let flag = "--create-target \(target)"
        let command =
            rotation.isEmpty ? "add \(flag) to this command, and later to ork-publish" : "`ork-publish \(flag)`"
        let yes =
            "if it is mistyped, correct it; if it is meant to be made: create=true in its --to (`create: true` in its `with`), or "
            + command
        return PublisherError(
            .notFound, noteOfMaking(absence), hint: [hint, yes].compactMap(\.self).joined(separator: "; "), field: field
        )
    }

    /// The same as news, for a check that is ready to make the target.
    public func noteOfMaking(_ absence: String) -> String {
        let hasPredecessor = expect?.contains { $0 != digest } ?? false
        return "\(absence): nothing held \(hasPredecessor ? "the predecessor" : "a key before")"
    }
}
