package import FoundationEssentials
package import HTTP
package import Secrets
import Synchronization
package import Timestamps

/// A token that is lent for a while: got when the first one is needed, and again when it ends or is refused.
package final class LentToken: Sendable {
    private struct State {
        var token: (secret: Secret, beginning: Date, end: Date)?
        var seen: [Secret] = []
    }

    private let clock: any WallClock
    private let state = Mutex(State())

    /// One younger than this that is refused will not be better for another login.
    private static let trial: TimeInterval = 1

    package init(clock: any WallClock) { self.clock = clock }

    /// All that was shown for one, and all that were lent: no message may repeat it.
    package var seen: [Secret] { state.withLock(\.seen) }

    /// The token as a bearer. Who comes while it is being got waits for it; `obtain` says what else must be hidden, and when
    /// the token ends.
    package func bearer(
        obtain: (_ hide: (Secret) -> Void) throws(ServiceError) -> (secret: Secret, end: Date)
    ) throws(ServiceError) -> HTTPAuthorization {
        try state.withLock { state throws(ServiceError) in
            let now = clock.now
            if let (secret, beginning, end) = state.token, !Self.isEnding(beginning, end, at: now) {
                return .bearer(secret)
            }
            var hidden: [Secret] = []
            defer { state.seen += hidden.filter { !state.seen.contains($0) } }
            let token = try obtain { hidden.append($0) }
            hidden.append(token.secret)
            state.token = (token.secret, now, token.end)
            return .bearer(token.secret)
        }
    }

    /// Whether another one can be had than this, which the service does not take. Then the next question gets it.
    package func forget(_ refused: HTTPAuthorization?, after answer: ServiceAnswer) -> Bool {
        guard answer.status == 401 else { return false }
        return state.withLock { state in
            guard let token = state.token, refused == .bearer(token.secret) else { return true }
            guard clock.now.timeIntervalSince(token.beginning) > Self.trial else { return false }
            state.token = nil
            return true
        }
    }

    /// Whether it is time for another one: a request needs a while.
    private static func isEnding(_ beginning: Date, _ end: Date, at now: Date) -> Bool {
        end.addingTimeInterval(-min(60, end.timeIntervalSince(beginning) / 3)) <= now
    }
}
