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
            _ = try State(handoff, trust: trust)
            handoffs.append(handoff)
            let newest = handoffs.map(\.header.id).max()
            return handoffs.count { $0.header.id == newest } < Self.enough ? .trusted : .enough
        } catch {
            warn("\(candidate.place) is ignored: \(error.message)")
            return .skipped
        }
    }

    /// All that is recorded of the newest rotation: an id begins with the time at which its rotation began.
    func newest() throws(StepError) -> Handoff? {
        guard let id = handoffs.map(\.header.id).max() else { return nil }
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
