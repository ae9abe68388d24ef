import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
import PublisherHosting
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Sodium
import Steps
import Synchronization
import Timestamps

/// One run of a command as the outside sees it: every effect goes through here, is counted, and can be its last.
///
/// A process that is killed cannot be stopped in the middle of a Swift function. It runs on, but nothing that it does
/// from then on has an effect or is seen, which is the same to everybody else.
final class WalkProcess: Sendable {
    /// What happens at the effect with this number, counted from 0: an exchange with a service, a write to a target, or
    /// a record.
    enum Fault: Hashable, Sendable {
        case killBefore(Int)
        case killAfter(Int)
        /// The effect happens, and its answer is lost. A record is not written.
        case loseReply(Int)
        /// The request does not leave. A record is not written.
        case drop(Int)

        var effect: Int {
            switch self {
            case .killBefore(let effect), .killAfter(let effect), .loseReply(let effect), .drop(let effect): effect
            }
        }
    }

    enum Way { case through, lost, dropped, dead }

    private struct Life {
        var effects = 0
        var isDead = false
        /// How long a dead process believes to have slept, in seconds.
        var dream: TimeInterval = 0
    }

    let simulation: Simulation
    private let fault: Fault?
    private let life = Mutex(Life())

    init(_ simulation: Simulation, _ fault: Fault?) {
        self.simulation = simulation
        self.fault = fault
    }

    var isDead: Bool { life.withLock { $0.isDead } }

    /// Does the next effect, or not.
    func effect(_ body: (Way) -> Void) {
        let (way, dies) = life.withLock { life -> (Way, Bool) in
            guard !life.isDead else { return (.dead, false) }
            let number = life.effects
            life.effects += 1
            guard let fault, fault.effect == number else { return (.through, false) }
            switch fault {
            case .killBefore:
                life.isDead = true
                return (.dead, false)
            case .killAfter: return (.through, true)
            case .loseReply: return (.lost, false)
            case .drop: return (.dropped, false)
            }
        }
        body(way)
        if dies { life.withLock { $0.isDead = true } }
    }
}

extension WalkProcess: WallClock {
    var now: Date { simulation.now.addingTimeInterval(life.withLock { $0.dream }) }

    func sleep(until date: Date) {
        let isDead = life.withLock { life in
            if life.isDead { life.dream += max(0, date.timeIntervalSince(simulation.now) - life.dream) }
            return life.isDead
        }
        if !isDead { simulation.sleep(until: date) }
    }
}

/// The way of a process to OpenRouter and to the applications.
struct WalkTransport: HTTPTransport {
    let process: WalkProcess
    let isUnreachable: Bool
    let isRateLimited: Bool

    func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
        process.effect { way in
            if way != .dead { process.simulation.pass(1) }
            for (index, request) in requests.enumerated() { each(index, answer(request, way)) }
        }
    }

    private func answer(_ request: HTTPRequest, _ way: WalkProcess.Way) -> Result<HTTPResponse, TransportError> {
        let isApplication = request.url.host != "openrouter.ai"
        let isDown = isUnreachable && !isApplication
        guard way != .dead, way != .dropped, !isDown else {
            return .failure(TransportError(.unreachable, "connection refused", mayHaveArrived: false))
        }
        let isLimited = isRateLimited
        let response = process.simulation.with { simulated in
            isApplication
                ? HTTPResponse(status: simulated.health)
                : isLimited
                    ? HTTPResponse(status: 429, date: simulated.now)
                    : simulated.sandbox.answer(request, at: simulated.now)
        }
        guard way != .lost else {
            return .failure(TransportError(.interrupted, "the connection was closed", mayHaveArrived: true))
        }
        return .success(response)
    }
}

/// The publishers of a process.
struct WalkPublishers: PublisherHost {
    let process: WalkProcess
    let publishers: FakePublishers

    init(_ process: WalkProcess) {
        self.process = process
        publishers = FakePublishers(process.simulation)
    }

    func information(_ address: PublisherAddress) throws(PublisherError) -> PublisherInformation {
        try publishers.information(address)
    }

    func description(of publisher: PublisherName, pin: String?) -> PublisherInformation? {
        publishers.description(of: publisher, pin: pin)
    }

    func hasVariable(_ name: EnvironmentName) -> Bool { publishers.hasVariable(name) }

    func send(
        _ verb: Verb, _ requests: [(address: PublisherAddress, request: PublisherRequest)],
        each: (Int, PublisherAnswer) -> Void
    ) {
        for (index, request) in requests.enumerated() {
            process.effect { way in
                guard way == .through || way == .lost else {
                    return each(index, PublisherAnswer(.rejected(PublisherError(.unavailable, "no answer"))))
                }
                publishers.send(verb, [request]) { _, answer in
                    let lost = PublisherAnswer(.unknown(PublisherError(.unavailable, "no answer")))
                    each(index, way == .lost ? lost : answer)
                }
            }
        }
    }
}

/// The handoff of a process, in memory. The steps themselves read it again before they go on, so what is not acceptable
/// is found out here as on disk.
final class WalkJournal: Journal {
    private(set) var handoff: Handoff?
    private let process: WalkProcess
    private let identity: Identity

    init(_ handoff: Handoff?, _ process: WalkProcess, _ identity: Identity) {
        self.handoff = handoff
        self.process = process
        self.identity = identity
    }

    func begin(_ header: RotationHeader, _ entry: Entry) throws(JournalError) {
        try write(Handoff(header: header), [entry], sealed: nil, kept: [])
    }

    func append(_ entries: [Entry], sealed: [SealedSecret]?, kept: [SealedSecret]) throws(JournalError) {
        guard let handoff else { throw JournalError("there is no handoff to record in") }
        try write(handoff, entries, sealed: sealed, kept: kept)
    }

    private func write(
        _ before: Handoff, _ entries: [Entry], sealed: [SealedSecret]?, kept: [SealedSecret]
    ) throws(JournalError) {
        var failure: JournalError?
        process.effect { way in
            guard way == .through else {
                failure = JournalError(
                    "the handoff cannot be written: the disk is full", hint: "make room, and run again")
                return
            }
            var handoff = before
            do throws(HandoffError) {
                for entry in entries { try handoff.append(entry, at: process.now, by: identity) }
                if let sealed { handoff.seal(sealed) }
                handoff.keep(kept)
            } catch {
                failure = JournalError(error.message, hint: error.hint)
                return
            }
            self.handoff = handoff
        }
        if let failure { throw failure }
    }
}
