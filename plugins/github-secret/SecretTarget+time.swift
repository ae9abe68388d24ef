import FoundationEssentials
import PublisherPlugin
import ServiceClient
import Timestamps

extension SecretTarget {
    /// A write that GitHub says is done.
    struct Written {
        /// By the clock of what answered.
        let answeredAt: Date?
        /// Whether there was none before; `nil` if an earlier try of the same write may have made it.
        let isNew: Bool?
    }

    /// What was seen before the write.
    enum Before {
        case nothingRead
        /// The time of the write before, if there was a secret.
        case read(Date?)
    }

    /// How much earlier than the answer to a write its time may be.
    private static let lag: TimeInterval = 5
    /// How much later: both are whole seconds, and a server may keep the one for its `Date` a moment.
    private static let lead: TimeInterval = 1

    /// The time that GitHub gives for this write, and for no other one before or after it.
    ///
    /// `nil` where its clocks do not tell: those of what answers and of what keeps the secrets may differ. Then only a
    /// time that has changed since `before` can be this write's.
    func time(of written: Written, after before: Before) throws(ServiceError) -> Date? {
        let earliest = written.answeredAt?.addingTimeInterval(-Self.lag)
        guard let metadata = try metadata(since: earliest, mustExist: true) else {
            throw ServiceError(
                PublisherError(
                    .unavailable, "GitHub does not show it",
                    hint: "run the step again; writing the same key twice does no harm"))
        }
        let time = metadata.updatedAt
        if let answeredAt = written.answeredAt, let earliest, time >= earliest {
            if time <= answeredAt.addingTimeInterval(Self.lead) { return time }
            // Nobody can have written after it was shown, so that is a clock ahead of the other.
            guard let shownAt = metadata.shownAt, time > shownAt else {
                throw ServiceError(
                    PublisherError(
                        .conflict, "something else wrote it again at \(time.rfc3339)",
                        hint: "find out what writes it, and run the step again", field: "with.name"))
            }
        }
        switch before {
        case .nothingRead: return nil
        case .read(let earlier?) where time <= earlier:
            throw ServiceError(
                PublisherError(
                    .unavailable, "GitHub shows no later time for it than before",
                    hint: "run the step again, which does no harm; if it stays so, look at the clocks of its servers"))
        case .read: return time
        }
    }
}
