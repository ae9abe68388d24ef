import Rotation
import Secrets
import Sodium
import StepCLI
import Steps
import Timestamps

/// What becomes of a candidate.
enum Verdict {
    case skipped, trusted
    /// It counts, and no more are needed.
    case enough
}

/// Where a CI system keeps what earlier jobs have left.
protocol HandoffStore {
    /// The file that this job's step writes.
    var handoff: String { get }

    /// Hands over what may be handoffs of earlier jobs, the newest first where that is known, until `body` has enough.
    /// Whether a handoff that was not among them is lost, rather than somewhere that was not looked at.
    func forEachCandidate(_ body: (Candidate) -> Verdict) throws(StepError) -> Bool

    /// What the job before this one reported; `nil` where the pipeline passes that on itself, in variables.
    func previousReport(for turn: JobTurn) throws(StepError) -> JobReport?

    /// Prepares to keep the handoff, before the step begins and after it: a job may be ended in between.
    func keep(_ handoff: Handoff?, of turn: JobTurn) throws(StepError)

    /// Saves what the jobs after this one are told; `isNotYet` where the step ended with "not yet".
    func save(_ report: JobReport, isNotYet: Bool) throws(StepError)
}

extension StepError {
    /// More was found than anybody of ours leaves, and none of it is believed: that is not the same as nothing.
    static func noneTrusted(among count: Int) -> StepError {
        StepError(
            .unacceptable, "none of the \(count) newest handoffs is signed by an identity that this job trusts",
            hint: "find out who saves them; trust in ork.yaml has to name the identities of this rotation's jobs",
            isRetryable: false)
    }
}

extension ULID {
    /// An id of this moment that nobody else has.
    static var fresh: ULID { ULID(at: SystemClock().now, random: RandomBytes.bytes(16)) }
}
