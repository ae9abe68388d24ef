import FoundationEssentials
import OpenRouter
import Rotation
import Timestamps

/// Whether the successor lives long enough. OpenRouter lets nobody prolong a key.
extension CreateStep {
    /// A successor that expires before its rotation can be finished is an outage that waits.
    func refuseShortLife(_ settings: SuccessorSettings, _ plan: Plan, now: Date) throws(StepError) {
        guard let end = settings.expiresAt else { return }
        let life = Interval(seconds: Int(end.timeIntervalSince(now)))
        let needed = plan.windows
        guard life.seconds >= needed.seconds else {
            throw StepError(
                .unacceptable,
                "the new key would live for \(life), and overlap, quiet_for and soak take \(needed): it would expire before "
                    + "its predecessor is gone",
                hint: "`\(options.command.with("expires-in", "90d"))` lets it live longer; or shorten them",
                isRetryable: false)
        }
        let patience = plan.verify.validFor
        if life.seconds < needed.seconds + patience.seconds {
            context.tell(
                .warning(
                    "the new key lives for \(life): overlap, quiet_for and soak take \(needed), and an approval may wait for "
                        + "\(patience); let it live longer, or be quick"))
        }
    }
}

extension Plan {
    /// How long a rotation takes at least, from its publishing on: both keys live, quiet is shown, and the predecessor soaks.
    /// An hour is left for the steps themselves.
    fileprivate var windows: Interval {
        Interval(
            seconds: publish.settle.seconds + max(retire.overlap.seconds, retire.quietFor.seconds)
                + retire.soak.seconds + 3600)
    }
}
