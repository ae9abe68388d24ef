import Rotation
import Secrets
import StepCLI
import Steps

/// A file that may be a handoff of an earlier job.
struct Candidate {
    /// Where it lies, for people.
    let place: String
    let bytes: [UInt8]
}

/// The handoffs that count for this job: of its own rotation, whole, and with each record signed by an identity that it trusts for it.
///
/// Whatever else lies in the same store decides nothing: not which rotation is the newest, and not whose turn it is.
struct TrustedHandoffs {
    private let rotation: PlanName
    private let trust: Trust
    private let warn: (String) -> Void
    private var handoffs: [Handoff] = []
    /// Rotations that have, or had, a successor, and those that are over.
    private var withKey: Set<RotationID> = []
    private var finished: Set<RotationID> = []

    /// So many are enough: each job has saved all that it had loaded.
    private static let enough = 4

    init(of rotation: PlanName, trust: Trust, warn: @escaping (String) -> Void) {
        self.rotation = rotation
        self.trust = trust
        self.warn = warn
    }

    /// Takes a candidate if it counts, and says why if it does not. Other rotations are skipped.
    mutating func take(_ candidate: Candidate) -> Verdict {
        do {
            let handoff = try Handoff(parsing: candidate.bytes)
            guard handoff.header.name == rotation else { return .skipped }
            let state = try State(handoff, trust: trust)
            let id = handoff.header.id
            handoffs.append(handoff)
            if state.created != nil || !state.minted.isEmpty { withKey.insert(id) }
            if state.isFinished { finished.insert(id) }
            let newest = newestID(besides: nil)
            // What gives way to an earlier one may have been found before that.
            let isEnough =
                newest.map(withKey.contains) ?? false && handoffs.count { $0.header.id == newest } >= Self.enough
            return isEnough ? .enough : .trusted
        } catch {
            warn("\(candidate.place) is ignored: \(error.message)")
            return .skipped
        }
    }

    /// The newest rotation: an id begins with the time at which its rotation began.
    ///
    /// Of two that began at the same moment one gave way, or died before it had a key. That one stops nobody who goes on
    /// with the other: it counts only where it is the job's own.
    private func newestID(besides own: RotationID?) -> RotationID? {
        let ids = Set(handoffs.map(\.header.id)).sorted()
        guard let newest = ids.last, newest != own, !withKey.contains(newest) else { return ids.last }
        return ids.last { withKey.contains($0) && !finished.contains($0) } ?? newest
    }

    /// All that is recorded of the newest rotation. `own` is the job's own, where that is known.
    func newest(besides own: RotationID?) throws(StepError) -> Handoff? {
        guard let id = newestID(besides: own) else { return nil }
        var merged: Handoff?
        for handoff in handoffs where handoff.header.id == id {
            guard merged != nil else {
                merged = handoff
                continue
            }
            do { try merged?.merge(handoff) } catch { throw StepError(error) }
        }
        return merged
    }
}
