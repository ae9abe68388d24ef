import HTTP
import Rotation
import StepCLI
import Steps

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

extension HandoffStore {
    /// The newest handoff that counts on this stage, that of `id` if there is one, and whether nothing was lost that it could be
    /// among: see `forEachCandidate`.
    func newest(
        of rotation: PlanName, besides id: RotationID?, config: String?, _ environment: StepEnvironment,
        _ console: Console
    ) throws(StepError) -> (handoff: Handoff?, isWhole: Bool) {
        let trust = try Trust(ofStage: environment, rotation: rotation, config: config, tell: { console.show($0) })
        var trusted = TrustedHandoffs(of: rotation, trust: trust) { console.show(.warning($0)) }
        let isWhole = try forEachCandidate { trusted.take($0) }
        return (try trusted.newest(besides: id), isWhole)
    }
}

extension StepEnvironment {
    /// Where the CI system that this runs in keeps a rotation's handoffs as artifacts; `nil` for one that does not.
    func artifacts(
        of rotation: PlanName, _ console: Console, _ transport: any HTTPTransport
    ) throws(StepError) -> (any HandoffStore)? {
        if self["GITHUB_ACTIONS"] == "true" { return try GitHubArtifacts(rotation, self, console, transport) }
        if self["GITLAB_CI"] == "true" { return try GitLabJobs(rotation, self, transport) }
        return nil
    }
}

extension StepError {
    /// More was found than anybody of ours leaves, and none of it counts: that is not the same as nothing.
    static func noneTrusted(among count: Int) -> StepError {
        let none = count == 1 ? "the only handoff is not" : "none of the \(count) newest handoffs is"
        return StepError(
            .unacceptable, "\(none) signed by an identity that this job trusts",
            hint: "find out who saves them; trust in ork.yaml has to name the identities of this rotation's jobs",
            isRetryable: false)
    }
}

extension DurableFile {
    /// Writes what this job keeps or reports.
    static func write(_ content: [UInt8], to path: String) throws(StepError) {
        do { try DurableFile(path).replace(content) } catch {
            throw StepError(.failed, "\(path) cannot be written: \(error)", hint: "make room, and run the job again")
        }
    }

    /// Makes a folder for it; `hint` says where to look if it cannot be made.
    static func makeFolder(_ path: String, hint: String) throws(StepError) {
        do { try makeDirectories(path) } catch {
            throw StepError(.failed, "\(path) cannot be made: \(error)", hint: hint)
        }
    }
}

/// The variables that a CI system sets for its jobs.
struct JobVariables {
    let environment: StepEnvironment
    /// Where they are set.
    let hint: String

    /// One that has to be there.
    func required(_ name: String) throws(StepError) -> String {
        guard let value = environment[name] else { throw StepError(.usage, "\(name) is not set", hint: hint) }
        return value
    }

    /// The address of the system's API in `name`, with `path` behind it.
    func address(_ name: String, _ path: String) throws(StepError) -> HTTPURL {
        let base = try required(name)
        do { return try HTTPURL(base + path) } catch {
            throw StepError(.unacceptable, "\(name): \(error.rawValue)", hint: "see \(name)")
        }
    }
}
