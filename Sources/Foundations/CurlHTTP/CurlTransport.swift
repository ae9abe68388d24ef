import CCurl
import FoundationEssentials
public import HTTP
import Synchronization
import Timestamps

/// Sends requests with libcurl. Connections are kept from one batch to the next.
///
/// Idempotent requests are tried again under `HTTPPolicy`; others are sent once, on a connection of their own.
/// Threads may share a transport; each batch runs on its caller's thread, and `each` may send another one.
public final class CurlTransport: HTTPTransport {
    private let settings: TransferSettings
    private let observer: TransferObserver
    // A batch takes one out and puts it back, so that as many are made as batches ran at the same time.
    private let idle = Mutex<[SharedMulti]>([])

    /// `userAgent` is `ork/<version>`. `environment` may name a file of certificate authorities in `CURL_CA_BUNDLE` or
    /// `SSL_CERT_FILE`, as curl(1) reads them; libcurl itself reads the proxy variables of the process. `tls` is for a
    /// transport that talks to one server; `observer` is told what is waited for.
    package init(
        policy: HTTPPolicy = HTTPPolicy(), userAgent: String = "ork",
        environment: [String: String] = ProcessInfo.processInfo.environment, tls: TLSSettings = TLSSettings(),
        observer: TransferObserver = TransferObserver()
    ) {
        self.observer = observer
        let authorities = ["CURL_CA_BUNDLE", "SSL_CERT_FILE"].compactMap { environment[$0] }.first { !$0.isEmpty }
        settings = TransferSettings(policy: policy, userAgent: userAgent, authorities: authorities, tls: tls)
    }

    private init(_ settings: TransferSettings, _ observer: TransferObserver) {
        self.settings = settings
        self.observer = observer
    }

    /// With its own limits, `HTTPPolicy.brief`. Nobody is told that it waits.
    public var brief: any HTTPTransport {
        var settings = settings
        settings.policy = .brief
        return CurlTransport(settings, TransferObserver(isStopping: observer.isStopping, trace: observer.trace))
    }

    /// For `ServiceClients`, which decide for themselves whether a request is sent again.
    public static func sendingOnce() -> CurlTransport { CurlTransport(policy: .singleTry) }

    /// Sends all requests at once, and hands over each answer as it comes. Returns when all have one.
    public func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
        guard let shared = idle.withLock({ $0.popLast() }) ?? SharedMulti() else {
            for index in requests.indices { each(index, .failure(.noMemory)) }
            return
        }
        Batch(requests, settings, observer).run(on: shared.multi, each: each)
        idle.withLock { $0.append(shared) }
    }
}

/// A multi handle in a box, because an array cannot hold what has one owner.
private final class SharedMulti: Sendable {
    let multi: CurlMulti

    init?() {
        guard let multi = CurlMulti() else { return nil }
        self.multi = multi
    }
}

/// Requests that are sent together. It starts them, waits for what comes first and decides what is tried again.
struct Batch {
    private let requests: [HTTPRequest]
    private let settings: TransferSettings
    private let clock = ContinuousClock()
    private let end: ContinuousClock.Instant
    private var waiting: [Try]
    private var running: [Transfer] = []
    private let observer: TransferObserver
    /// When it is next told that there is no answer yet.
    private var notice: ContinuousClock.Instant
    private var pauseBetweenNotices = Duration.seconds(5)
    /// The number of the latest try of which it is told that another one follows.
    private var toldOf = 0

    /// The deadline runs from here.
    init(_ requests: [HTTPRequest], _ settings: TransferSettings, _ observer: TransferObserver = TransferObserver()) {
        self.requests = requests
        self.settings = settings
        self.observer = observer
        let now = clock.now
        end = now + settings.policy.deadline
        notice = now + pauseBetweenNotices
        waiting = requests.indices.map { Try(request: $0, notBefore: now) }
    }

    /// Returns when `each` has had an answer for every request.
    consuming func run(on multi: borrowing CurlMulti, each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
        while true {
            startWhatIsDue(on: multi, each: each)
            let isSound = multi.perform()
            while let (transfer, code) = multi.finished(of: running) { finish(transfer, code, on: multi, each: each) }
            if !isSound {
                for transfer in running { finish(transfer, CURLE_OUT_OF_MEMORY, on: multi, each: each) }
            }
            if waiting.isEmpty, running.isEmpty { return }
            tellIfSlow()
            multi.wait(milliseconds: pause())
        }
    }

    private mutating func startWhatIsDue(
        on multi: borrowing CurlMulti, each: (Int, Result<HTTPResponse, TransportError>) -> Void
    ) {
        let now = clock.now
        if observer.isStopping() {
            for stopped in waiting { each(stopped.request, .failure(.stopped(stopped.mayHaveArrived))) }
            waiting = []
            if settings.policy.givesUpWhenStopping { giveUp(on: multi, each: each) }
        }
        while running.count < settings.policy.concurrency,
            let due = waiting.firstIndex(where: { $0.notBefore <= now })
        {
            let next = waiting.remove(at: due)
            do throws(TransportError) {
                let transfer = try Transfer(requests[next.request], next, settings, within: end - now)
                guard multi.add(transfer) else { throw .noMemory }
                running.append(transfer)
            } catch {
                each(next.request, .failure(error))
            }
        }
    }

    private mutating func giveUp(
        on multi: borrowing CurlMulti, each: (Int, Result<HTTPResponse, TransportError>) -> Void
    ) {
        for transfer in running {
            multi.remove(transfer)
            each(transfer.attempt.request, .failure(.stopped(transfer.mayHaveArrived)))
        }
        running = []
    }

    private mutating func tellIfSlow() {
        let now = clock.now
        guard now >= notice, let request = (running.map(\.attempt) + waiting).first?.request else { return }
        observer.tell("an answer of \(requests[request].url.host), until \(Self.moment(end)) at the longest")
        pauseBetweenNotices *= 2
        notice = now + pauseBetweenNotices
    }

    private static func moment(_ instant: ContinuousClock.Instant) -> String {
        Date.now.addingTimeInterval((instant - .now).seconds).rfc3339
    }

    private mutating func finish(
        _ transfer: Transfer, _ code: CURLcode, on multi: borrowing CurlMulti,
        each: (Int, Result<HTTPResponse, TransportError>) -> Void
    ) {
        multi.remove(transfer)
        running.removeAll { $0 === transfer }
        let result = transfer.result(code)
        observer.trace(
            TransferTrace(
                of: requests[transfer.attempt.request], result, time: clock.now - transfer.start,
                attempt: transfer.attempt.number))
        if let next = another(after: transfer, result) {
            waiting.append(next)
        } else {
            each(transfer.attempt.request, result)
        }
    }

    /// The next try, if the policy allows one.
    private mutating func another(after transfer: Transfer, _ result: Result<HTTPResponse, TransportError>) -> Try? {
        let last = transfer.attempt
        guard requests[last.request].isIdempotent, last.number < settings.policy.tries else { return nil }
        var wait = settings.policy.backOff.spreadWait(after: last.number)
        switch result {
        case .success(let response):
            guard HTTPPolicy.retriedStatuses.contains(response.status) else { return nil }
            if let wish = response.retryAfter { wait = max(wait, wish) }
        case .failure(let error):
            guard [.unreachable, .timeout, .interrupted].contains(error.code) else { return nil }
        }
        let start = clock.now + wait
        guard start < end else { return nil }
        // Requests to one server are put off together, and told of together.
        if wait >= Self.worthTelling, last.number > toldOf, case .success(let response) = result {
            toldOf = last.number
            let host = requests[last.request].url.host
            observer.tell("\(host), which answers \(response.status): it is asked again at \(Self.moment(start))")
        }
        return Try(
            request: last.request, number: last.number + 1, notBefore: start, mayHaveArrived: transfer.mayHaveArrived)
    }

    private static let worthTelling = Duration.seconds(3)

    /// Milliseconds until the next try is due, a second at most.
    private func pause() -> Int32 {
        guard running.count < settings.policy.concurrency, let next = waiting.map(\.notBefore).min() else {
            return 1000
        }
        return Int32(min(1000, max(0, (next - clock.now).milliseconds + 1)))
    }
}

/// One try to send a request.
struct Try {
    /// The index of the request in its batch.
    let request: Int
    /// Counted from 1.
    var number = 1
    let notBefore: ContinuousClock.Instant
    /// Whether the server may have seen an earlier try.
    var mayHaveArrived = false
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
