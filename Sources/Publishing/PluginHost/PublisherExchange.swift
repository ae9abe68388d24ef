import ChildProcesses
import JSON
import PublisherHosting
import PublisherKit
import Secrets
import SystemPackage

/// What stands behind an address while requests are sent.
struct PublisherProcess {
    let program: ProgramFile
    let environment: [String: String]
    /// The folder that it works in; `nil` for our own.
    let folder: String?
    /// Finds the keys, and those values of its environment that no log and no handoff may show; `nil` if it has none.
    let credentials: Redactor?
    /// The target's own credentials, which no receipt may hold.
    let own: [Secret]
    let information: PublisherInformation

    /// The requests of each process, in their order.
    fileprivate func shares(of requests: [PendingRequest]) -> [[PendingRequest]] {
        guard information.batch else { return requests.map { [$0] } }
        let groups = Dictionary(grouping: requests) { pending in
            information.together.map { pending.request.with[$0] }
        }
        return groups.values.sorted { $0[0].index < $1[0].index }
    }
}

/// Sends requests to processes and asks again where there is no certain answer.
final class PublisherExchange {
    private let verb: Verb
    private let redactor: Redactor
    private let loop: ProcessLoop
    private let limits: Limits
    private let log: (PublisherName, String) -> Void
    private let each: (Int, PublisherAnswer) -> Void

    init(
        _ verb: Verb, _ redactor: Redactor, _ loop: ProcessLoop, _ limits: Limits,
        log: @escaping (PublisherName, String) -> Void, each: @escaping (Int, PublisherAnswer) -> Void
    ) {
        self.verb = verb
        self.redactor = redactor
        self.loop = loop
        self.limits = limits
        self.log = log
        self.each = each
    }

    /// Queues the requests, each process with its share.
    func start(_ requests: [PendingRequest], _ process: PublisherProcess) {
        guard let name = requests.first?.address.publisher else { return }
        for requests in process.shares(of: requests) {
            let log = log
            loop.add(
                PublisherJob(
                    process, verb, requests, limits: limits, redactor: redactor, log: { log(name, "\(name): \($0)") },
                    settle: { [each] pending, answer in each(pending.index, answer.inDoubt(pending.mayBeDone)) },
                    leftOver: { [weak self] in self?.settle($0, $1, isSilent: $2, process) }))
        }
    }

    /// The process is gone without a certain answer to these: ask again, or say that nobody knows.
    private func settle(
        _ requests: [PendingRequest], _ ending: Ending, isSilent: Bool, _ process: PublisherProcess
    ) {
        let isStopping = StopSignal.received != nil
        var again: [PendingRequest] = []
        for var pending in requests {
            pending.attempts += 1
            if !isStopping, pending.reason == nil, let refusal = refusal(ending) {
                each(pending.index, PublisherAnswer(.rejected(refusal)).inDoubt(pending.mayBeDone))
                continue
            }
            let reason =
                pending.reason ?? (isStopping ? Self.stopped(pending) : Self.reason(ending, isSilent: isSilent))
            let isHopeless = !pending.wasSent && reason.code == .configuration
            if verb.isWrite, !isStopping, pending.attempts <= limits.repeats, pending.deadline > .now, !isHopeless {
                pending.reason = nil
                pending.mayBeDone = pending.wasSent
                again.append(pending)
            } else {
                each(pending.index, PublisherAnswer(pending.wasSent ? .unknown(reason) : .rejected(reason)))
            }
        }
        start(again, process)
    }

    /// Endings that say for certain that nothing was done.
    private func refusal(_ ending: Ending) -> PublisherError? {
        switch ending {
        case .exited(64):
            PublisherError(
                .configuration, "the publisher cannot \(verb == .rollback ? "roll back" : verb.rawValue)",
                hint: "check which verbs its info lists"
            )
        case .notStarted(let reason):
            .notStarted(reason)
        case .exited, .signalled:
            nil
        }
    }

    private static func stopped(_ pending: PendingRequest) -> PublisherError {
        PublisherError(.unavailable, "stopped before it \(pending.wasSent ? "answered" : "was asked")")
    }

    private static func reason(_ ending: Ending, isSilent: Bool) -> PublisherError {
        let lack = isSilent ? "printed nothing" : "gave no answer"
        return switch ending {
        case .exited, .signalled: PublisherError(.internal, "the publisher \(ending) and \(lack)")
        case .notStarted: PublisherError(.internal, "the publisher \(ending)")
        }
    }
}

extension PublisherError {
    /// A program that the system does not run, and why it does not.
    static func notStarted(_ reason: Errno) -> PublisherError {
        let obstacle = Obstacle(reason: reason)
        return PublisherError(.configuration, "the publisher \(obstacle)", hint: obstacle.remedy)
    }
}

extension PublisherAnswer {
    /// The same, unless it says for certain that nothing was done and somebody else may have done it.
    fileprivate func inDoubt(_ doubt: Bool) -> PublisherAnswer {
        guard doubt, case .rejected(let error) = outcome else { return self }
        var answer = self
        answer.outcome = .unknown(error)
        return answer
    }
}
