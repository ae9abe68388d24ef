import HTTP
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

    /// Whether a handoff that is not found here is lost, rather than somewhere else.
    var holdsEverything: Bool { get }

    /// Hands over what may be handoffs of earlier jobs, the newest first where that is known, until `body` has enough.
    func forEachCandidate(_ body: (Candidate) -> Verdict) throws(StepError)

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

/// Fetches what a CI system keeps. An answer that leads elsewhere, to a store of objects, is followed without the token.
struct ArtifactClient {
    private let transport: any HTTPTransport
    private let token: Secret
    private let hint: String

    /// `hint` says what to look at where the token does not suffice.
    init(_ transport: any HTTPTransport, token: Secret, hint: String) {
        self.transport = transport
        self.token = token
        self.hint = hint
    }

    /// What is at these addresses; `nil` where nothing is any more. Anything but an answer ends the job.
    func fetch(_ urls: [HTTPURL]) throws(StepError) -> [[UInt8]?] {
        var answers = try send(urls.map { HTTPRequest(.get, $0, headers: Self.headers, bearer: token) })
        let moved = answers.indices.filter { [301, 302, 303, 307, 308].contains(answers[$0].status) }
        var requests: [HTTPRequest] = []
        for index in moved {
            guard let location = answers[index][header: "location"], let url = try? HTTPURL(location) else {
                throw refused(answers[index].status)
            }
            requests.append(HTTPRequest(.get, url, bearer: nil))
        }
        for (index, answer) in try zip(moved, send(requests)) { answers[index] = answer }
        return try answers.map { answer throws(StepError) in
            switch answer.status {
            case 200: answer.body
            case 404, 410: nil
            default: throw refused(answer.status)
            }
        }
    }

    /// What is at one address.
    func fetch(_ url: HTTPURL) throws(StepError) -> [UInt8]? { try fetch([url])[0] }

    private static let headers = [(name: "Accept", value: "application/json")]

    private func send(_ requests: [HTTPRequest]) throws(StepError) -> [HTTPResponse] {
        var answers: [HTTPResponse?] = requests.map { _ in nil }
        var failure: TransportError?
        transport.send(requests) { index, result in
            switch result {
            case .success(let answer): answers[index] = answer
            case .failure(let error): failure = failure ?? error
            }
        }
        if let failure {
            throw StepError(
                .unreachable, "an earlier handoff cannot be loaded: \(failure.message)",
                hint: "nothing was changed; run the job again")
        }
        return answers.compactMap(\.self)
    }

    private func refused(_ status: Int) -> StepError {
        StepError(.unreachable, "an earlier handoff cannot be loaded: status \(status)", hint: hint)
    }
}

extension ULID {
    /// An id of this moment that nobody else has.
    static var fresh: ULID { ULID(at: SystemClock().now, random: RandomBytes.bytes(16)) }
}
