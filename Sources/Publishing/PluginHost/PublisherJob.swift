import ChildProcesses
import FoundationEssentials
import JSON
import PublisherHosting
import PublisherKit
import Secrets
import Timestamps

/// A request on its way, with what is known of it after each process that had it.
struct PendingRequest {
    /// Its place among the requests of the step.
    let index: Int
    let address: PublisherAddress
    let request: PublisherRequest
    let deadline: ContinuousClock.Instant
    /// How many processes have had it.
    var attempts = 0
    /// Whether any of them may have read it; until then it is certainly not done.
    var wasSent = false
    /// Whether an earlier process may have done it, so that no later one can say that it was not.
    var mayBeDone = false
    /// Why there is no certain answer.
    var reason: PublisherError?
}

/// One process that answers requests, one a line.
final class PublisherJob: ChildJob {
    let program: Program
    private let file: ProgramFile
    private let verb: Verb
    /// Masks the credentials of the target as well; `nil` if it has none, as an answer with a key is dropped anyway.
    private let credentials: Redactor?
    /// Those credentials, which no receipt may hold.
    private let own: [Secret]
    /// Finds what no answer may carry: the keys.
    private let redactor: Redactor
    /// The variables that the target's `env` gives it, by its names, with ours.
    private let variables: [EnvironmentName: EnvironmentName]
    private var lines: LineBuffer
    private var log: LogLines
    /// Requests without a certain answer, by id.
    private var open: [String: PendingRequest]
    /// Requests of which the answer may still come, by id.
    private var awaited: Set<String>
    private var unsent: [String]
    /// When people are next told whose answer is waited for; it grows.
    private var notice: ContinuousClock.Instant
    private var pauseBetweenNotices = Duration.seconds(5)
    private let tell: (String) -> Void
    private var mustStop = false
    /// Whether it has printed nothing, not even to say why.
    private var isSilent = true
    private let settle: (PendingRequest, PublisherAnswer) -> Void
    private let leftOver: ([PendingRequest], Ending, _ isSilent: Bool) -> Void

    /// `settle` gets every certain answer as it comes, `leftOver` what is open when the process is gone.
    init(
        _ process: PublisherProcess, _ verb: Verb, _ requests: [PendingRequest], limits: Limits,
        redactor: Redactor, log: @escaping (String) -> Void,
        settle: @escaping (PendingRequest, PublisherAnswer) -> Void,
        leftOver: @escaping ([PendingRequest], Ending, _ isSilent: Bool) -> Void
    ) {
        file = process.program
        program = process.program.program(
            verb.rawValue, environment: process.environment, folder: process.folder)
        self.verb = verb
        self.redactor = redactor
        credentials = process.credentials
        own = process.own
        variables = requests.first?.address.environment ?? [:]
        self.settle = settle
        self.leftOver = leftOver
        tell = log
        notice = .now + pauseBetweenNotices
        self.log = LogLines(credentials ?? redactor, limit: limits.log, emit: log)
        lines = LineBuffer(limit: limits.answer)
        open = Dictionary(requests.map { ($0.request.id, $0) }) { first, _ in first }
        unsent = requests.map(\.request.id)
        awaited = Set(unsent)
    }

    var directive: Directive {
        if mustStop { return .stop }
        guard let moment = awaited.compactMap({ open[$0]?.deadline }).min() else { return .leave }
        return .work(until: min(moment, notice))
    }

    func hasStarted(_ process: Int32) -> Bool {
        guard file.isUnchanged else {
            breakOff(PublisherError(.configuration, "the publisher's file was replaced while it was started"))
            return false
        }
        return true
    }

    func nextInput() -> Secret? {
        let now = ContinuousClock.now
        while let id = unsent.first {
            guard let pending = open[id], pending.deadline > now else {
                unsent.removeFirst()
                continue
            }
            do {
                let line = try pending.request.line(for: verb)
                unsent.removeFirst()
                open[id]?.wasSent = true
                return line
            } catch {
                unsent.removeFirst()
                finish(id, PublisherAnswer(.rejected(error)))
            }
        }
        return nil
    }

    func receiveOutput(_ bytes: ArraySlice<UInt8>) {
        isSilent = false
        guard !mustStop else { return }
        for line in lines.lines(adding: bytes) where !mustStop { receive(line) }
        if lines.isTooLong { breakOff(PublisherError(.internal, "the publisher's answer is too long")) }
    }

    func outputEnded() {
        if lines.hasRest, !awaited.isEmpty {
            breakOff(PublisherError(.internal, "the publisher's answer does not end with a line feed"))
        }
        // The exit status may still tell why there is no answer.
        awaited = []
    }

    func receiveErrors(_ bytes: ArraySlice<UInt8>) {
        isSilent = false
        log.receive(bytes)
    }

    func expire(at now: ContinuousClock.Instant) {
        if now >= notice { tellWhoIsWaitedFor(now) }
        for id in awaited {
            guard let pending = open[id], pending.deadline <= now else { continue }
            open[id]?.reason = PublisherError(.unavailable, "the publisher did not answer before the deadline")
            awaited.remove(id)
        }
        if awaited.isEmpty { mustStop = true }
    }

    private func tellWhoIsWaitedFor(_ now: ContinuousClock.Instant) {
        pauseBetweenNotices *= 2
        notice = now + pauseBetweenNotices
        let requests = awaited.compactMap { open[$0]?.request }
        guard let end = requests.map(\.deadline).min() else { return }
        let targets = requests.map(\.target).sorted().joined(separator: ", ")
        tell("waiting for \(targets), until \(end.rfc3339) at the longest")
    }

    func hasEnded(_ ending: Ending) {
        if lines.hasRest, !open.isEmpty {
            breakOff(PublisherError(.internal, "the publisher's answer does not end with a line feed"))
        }
        log.end()
        leftOver(open.values.sorted { $0.index < $1.index }, ending, isSilent)
    }

    private func receive(_ line: [UInt8]) {
        let parsed: (id: String, answer: PublisherAnswer)
        do { parsed = try PublisherAnswer.parse(line, verb) } catch {
            guard !redactor.contains(line) else { return dropAnswer(line) }
            return breakOff(error)
        }
        // Both as it was written and as it reads without its escapes.
        guard !redactor.contains(line), !redactor.contains(parsed.answer.line(id: parsed.id)) else {
            return dropAnswer(line)
        }
        guard awaited.contains(parsed.id) else {
            return breakOff(PublisherError(.internal, "the publisher answered what it was not asked, or twice"))
        }
        let masked = credentials.map { parsed.answer.masked(by: $0, withReceiptWithout: own) }
        let answer = (masked ?? parsed.answer).naming(variables)
        if case .unknown(let error) = answer.outcome {
            open[parsed.id]?.reason = error
            awaited.remove(parsed.id)
        } else {
            finish(parsed.id, answer)
        }
    }

    private func dropAnswer(_ line: [UInt8]) {
        let error = PublisherError(
            .internal, "the publisher's answer carried the secret and was dropped",
            hint: "the publisher must be repaired; the secret may stand in its own logs too")
        let id = awaited.count == 1 ? awaited.first : (try? PublisherAnswer.parse(line, verb))?.id
        guard let id, awaited.contains(id) else { return breakOff(error) }
        finish(id, PublisherAnswer(.unknown(error)))
    }

    private func finish(_ id: String, _ answer: PublisherAnswer) {
        awaited.remove(id)
        if let pending = open.removeValue(forKey: id) { settle(pending, answer) }
    }

    /// Nothing that the process says from now on counts.
    private func breakOff(_ error: PublisherError) {
        for id in awaited { open[id]?.reason = error }
        awaited = []
        mustStop = true
    }
}

extension PublisherAnswer {
    /// The answer with each variable by the name that it has in this stage's environment: the publisher knows its own only.
    fileprivate func naming(_ variables: [EnvironmentName: EnvironmentName]) -> PublisherAnswer {
        guard variables.contains(where: { $0.key != $0.value }) else { return self }
        // Whole words, all at once: one variable may bear another's name.
        func named(_ text: String) -> String {
            var words = [""]
            for scalar in text.unicodeScalars {
                if scalar.isASCII,
                    scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_"
                {
                    words[words.count - 1].unicodeScalars.append(scalar)
                } else {
                    words += [String(scalar), ""]
                }
            }
            return words.map { word in EnvironmentName(word).flatMap { variables[$0]?.description } ?? word }.joined()
        }
        func named(_ error: PublisherError) -> PublisherError {
            PublisherError(
                error.code, named(error.message), hint: error.hint.map { named($0) }, field: error.field,
                retryAfter: error.retryAfter)
        }
        var answer = self
        switch outcome {
        case .rejected(let error): answer.outcome = .rejected(named(error))
        case .unknown(let error): answer.outcome = .unknown(named(error))
        default: break
        }
        return answer
    }

    /// The answer with its texts masked. A receipt that holds one of the target's `own` credentials is left out: another
    /// variable of the job may happen to hold what a receipt has to say, such as a region or a day.
    fileprivate func masked(by redactor: Redactor, withReceiptWithout own: [Secret]) -> PublisherAnswer {
        func masked(_ error: PublisherError) -> PublisherError {
            PublisherError(
                error.code, redactor.redacting(error.message), hint: error.hint.map(redactor.redacting),
                field: error.field, retryAfter: error.retryAfter)
        }
        var answer = self
        switch outcome {
        case .rejected(let error): answer.outcome = .rejected(masked(error))
        case .unknown(let error): answer.outcome = .unknown(masked(error))
        default: break
        }
        if let bytes = receipt.map({ JSONValue.object($0).bytes() }), redactor.contains(bytes),
            Redactor(own).contains(bytes)
        {
            answer.receipt = nil
        }
        answer.message = message.map(redactor.redacting)
        return answer
    }
}
