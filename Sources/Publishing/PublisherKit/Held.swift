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

extension PublisherRequest {
    /// The same, about to be answered.
    func looking(for verb: Verb) -> PublisherRequest {
        var request = self
        request.firstLook = FirstLook(keepingPredecessor: verb == .check && !sealTo.isEmpty)
        return request
    }
}

extension PublisherAnswer {
    /// The answer with what was seen first while `request` was answered.
    func telling(of request: PublisherRequest) -> PublisherAnswer {
        guard let found = request.firstLook.found else { return self }
        var answer = self
        if held == .unknown {
            answer.held = found.held
            if found.held != .successor { answer.holds = found.digest }
        }
        if let predecessor = found.predecessor {
            answer.sealed = request.sealTo.compactMap { SealedBox(predecessor, of: .predecessor, to: $0) }
        }
        return answer
    }
}

/// What the first look at a target found, while one request is answered. Later looks may see what the verb itself wrote.
final class FirstLook: Sendable {
    /// What was there.
    struct Finding {
        let held: Held
        let digest: Digest?
        /// A predecessor that was read, where it is to be sealed.
        let predecessor: Secret?
    }

    private let keepsPredecessor: Bool
    private let seen = Mutex<Finding?>(nil)

    init(keepingPredecessor keepsPredecessor: Bool = false) { self.keepsPredecessor = keepsPredecessor }

    /// What was found; `nil` if nobody has looked.
    var found: Finding? { seen.withLock(\.self) }

    func note(_ held: Held, _ digest: Digest?, _ value: Secret? = nil) {
        let predecessor = keepsPredecessor && held == .predecessor ? value : nil
        seen.withLock { $0 = $0 ?? Finding(held: held, digest: digest, predecessor: predecessor) }
    }
}
