import Dispatch
public import FoundationEssentials
public import HTTP
import JSON
import Secrets
import Synchronization
public import Timestamps

/// A service at one address with one set of credentials. All targets there share it, and with it connections, the number of
/// writes at once and the pauses that the service asks for.
public final class ServiceClient: Sendable {
    /// What it talks to.
    public let service: any Service
    /// Where that is.
    public let address: HTTPURL
    private let credentials: any ServiceCredentials
    private let transport: any HTTPTransport
    private let notice: @Sendable (String) -> Void
    let clock: any WallClock
    private let writes: WriteGate
    private let pause = Pause()
    private let places = Mutex<[String: PlaceLock]>([:])
    private let claims = Mutex<[String: String]>([:])

    /// How often a call without an answer that counts is sent at most.
    static let tries = 5
    /// What is left of a deadline for the way back.
    static let margin: TimeInterval = 1

    /// `transport` must send a request once: trying again is decided here. At most `writes` calls that change
    /// something are under way at once. `notice` gets a line for people where there is long nothing to see.
    public init(
        _ service: any Service, at address: HTTPURL, credentials: any ServiceCredentials, writes: Int = 8,
        transport: any HTTPTransport, clock: any WallClock = SystemClock(),
        notice: @escaping @Sendable (String) -> Void = StandardError.tell
    ) {
        self.notice = notice
        self.service = service
        self.address = address
        self.credentials = credentials
        self.transport = transport
        self.clock = clock
        self.writes = WriteGate(writes)
    }

    /// The same service at another address, which gets none of these credentials.
    func elsewhere(_ address: HTTPURL, _ credentials: any ServiceCredentials) -> ServiceClient {
        ServiceClient(
            service, at: address, credentials: credentials, transport: transport, clock: clock, notice: notice)
    }

    /// The work is done.
    func end() { credentials.end() }

    /// Lets no more writes in at once than this, if it is less than before.
    func lower(writes: Int) { self.writes.lower(to: writes) }

    /// Notes that something at the service is a target's, and refuses it to another target of this process.
    func claim(_ thing: String, for target: String, field: String) throws(PublisherError) {
        let owner = claims.withLock { claims in
            let owner = claims[thing] ?? target
            claims[thing] = owner
            return owner
        }
        guard owner == target else {
            throw PublisherError(
                .configuration, "target \(owner) has the same (\(DisplayText.line(thing)))",
                hint: "give each target its own; two targets at one place would take it from each other", field: field)
        }
    }

    /// Runs `body` while no other thread of this process is at the same place.
    public func alone<Value>(at place: String, _ body: () -> Value) -> Value {
        let lock = places.withLock { places in
            let lock = places[place] ?? PlaceLock()
            places[place] = lock
            return lock
        }
        return lock.mutex.withLock { _ in body() }
    }

    /// Sends a call until there is an answer that counts, or no time for one.
    public func send(_ call: ServiceCall, until deadline: Date) throws(ServiceError) -> ServiceAnswer {
        if call.isWrite { writes.enter() }
        defer { if call.isWrite { writes.leave() } }
        let end = deadline.addingTimeInterval(-Self.margin)
        var doubt = false
        var limited = 0
        var number = 0
        var isRenewed = false
        while true {
            try waitForTurn(call, until: end, doubt: doubt)
            let authorization = try authorization(until: end, doubt: doubt)
            number += 1
            let failure: ServiceError
            var away = Duration.zero
            switch transport.sendOnce(request(call, authorization, until: end)) {
            case .success(let response):
                let answer = ServiceAnswer(
                    response, to: call, of: service, secrets: credentials.secrets + [call.secret].compactMap(\.self),
                    isRepetition: doubt)
                if !isRenewed, (400..<500).contains(response.status),
                    credentials.renew(authorization, after: answer, until: end)
                {
                    isRenewed = true
                    number -= 1
                    continue
                }
                if call.statuses.contains(response.status) { return answer }
                if let length = service.pause(response, number: limited + 1, now: clock.now) {
                    limited += 1
                    number -= 1
                    let end = clock.now.addingTimeInterval(length.seconds)
                    if pause.extend(to: end) { notice("\(service.name) wants no requests until \(end.rfc3339)") }
                    continue
                }
                failure = refusal(answer, to: call)
                away = response.retryAfter ?? .zero
                // A server that broke down may have done its work before; an unknown kind of success may be one.
                if call.isWrite, response.status >= 500 || response.status < 300 { doubt = true }
                let isPassing = response.status >= 500 || response.status == 408
                guard isPassing || service.passingStatuses.contains(response.status) else {
                    throw failure.doubted(doubt)
                }
            case .failure(let error):
                if call.isWrite, error.mayHaveArrived { doubt = true }
                failure = ServiceError(PublisherError(error))
                guard error.isWorthAnotherTry else { throw failure.doubted(doubt) }
            }
            let isSettled = call.isIdempotent || !doubt
            // RFC 9110 §10.2.3: whoever is away says until when.
            let wait = max(Self.backOff.spreadWait(after: number), away)
            let next = clock.now.addingTimeInterval(wait.seconds)
            guard isSettled, number < Self.tries, next < end else { throw failure.doubted(doubt) }
            clock.sleep(until: next)
        }
    }

    /// Waits for the end of a pause, or refuses if that comes too late.
    private func waitForTurn(_ call: ServiceCall, until end: Date, doubt: Bool) throws(ServiceError) {
        while let moment = pause.end, moment > clock.now {
            guard moment < end else {
                let seconds = Int(moment.timeIntervalSince(clock.now).rounded(.up))
                throw ServiceError(
                    PublisherError(
                        .rateLimited, "\(service.name) allows no more requests for \(seconds) s",
                        hint: "run the step again after that; it goes on with what is missing", retryAfter: seconds),
                    mayHaveTakenEffect: doubt)
            }
            clock.sleep(until: moment)
        }
        guard clock.now < end else {
            throw ServiceError(
                PublisherError(
                    .unavailable, "there was no time left to \(call.purpose)", hint: "run the step again"),
                mayHaveTakenEffect: doubt)
        }
    }

    private func authorization(until end: Date, doubt: Bool) throws(ServiceError) -> HTTPAuthorization? {
        do throws(ServiceError) { return try credentials.authorization(until: end) } catch {
            throw error.doubted(doubt)
        }
    }

    private func request(
        _ call: ServiceCall, _ authorization: HTTPAuthorization?, until end: Date
    ) -> HTTPRequest {
        let path = call.path.map { "/" + HTTPURL.encode($0) }.joined() + (call.action.map { ":\($0)" } ?? "")
        let form = call.form?.map { HTTPURL.encode($0) + "=" + HTTPURL.encode($1) }.joined(separator: "&")
        let type = form == nil ? [] : [(name: "Content-Type", value: "application/x-www-form-urlencoded")]
        return HTTPRequest(
            call.method, address.appending(path, query: call.query), headers: service.headers + type + call.headers,
            authorization: authorization, body: form.map { Array($0.utf8) } ?? call.body?.bytes(),
            isIdempotent: call.isIdempotent,
            timeout: .seconds(max(0, end.timeIntervalSince(clock.now))))
    }

    /// What an answer means as a refusal: for a caller that asked for its status and cannot use it after all.
    public func refusal(_ answer: ServiceAnswer, to call: ServiceCall) -> ServiceError {
        ServiceError(
            service.explain(answer, to: call) ?? PublisherError(answer, to: call, of: service), status: answer.status,
            reason: service.reason(answer.response))
    }

    private static let backOff = BackOff(from: .milliseconds(500), upTo: .seconds(512))
}

/// One writes at a place at a time.
private final class PlaceLock: Sendable {
    let mutex = Mutex(())
}

extension HTTPTransport {
    fileprivate func sendOnce(_ request: HTTPRequest) -> Result<HTTPResponse, TransportError> {
        do throws(TransportError) { return .success(try send(request)) } catch { return .failure(error) }
    }
}

extension TransportError {
    fileprivate var isWorthAnotherTry: Bool { [.unreachable, .timeout, .interrupted].contains(code) }
}

extension ServiceClient {
    /// Sends a call that reads, and again after a while if `isSettled` does not hold for its answer. The last answer
    /// counts, settled or not.
    public func send(
        _ call: ServiceCall, until deadline: Date,
        untilSettled isSettled: (ServiceAnswer) throws(ServiceError) -> Bool
    ) throws(ServiceError) -> ServiceAnswer {
        try read(until: deadline, untilSettled: isSettled) { () throws(ServiceError) in
            try send(call, until: deadline)
        }
    }

    /// Runs what reads, and again after a while if `isSettled` does not hold for what was found: the copies of a service's
    /// data may lag behind what was written. The last one counts, settled or not.
    package func read<Found>(
        until deadline: Date, untilSettled isSettled: (Found) throws(ServiceError) -> Bool,
        _ body: () throws(ServiceError) -> Found
    ) throws(ServiceError) -> Found {
        var number = 1
        while true {
            let found = try body()
            if try isSettled(found) { return found }
            let next = clock.now.addingTimeInterval(Self.backOff.spreadWait(after: number).seconds)
            guard number < Self.tries, next < deadline.addingTimeInterval(-Self.margin) else { return found }
            clock.sleep(until: next)
            number += 1
        }
    }
}

/// Until when a service wants to be left alone. Who goes on asking meanwhile is shut out for longer (GitHub's
/// documentation on rate limits), so all threads keep to it.
final class Pause: Sendable {
    private let moment = Mutex<Date?>(nil)

    var end: Date? { moment.withLock { $0 } }

    /// Whether the pause became longer by more than it takes many threads to hear of the same one.
    func extend(to end: Date) -> Bool {
        moment.withLock { moment in
            let before = moment ?? .distantPast
            moment = max(before, end)
            return end > before.addingTimeInterval(5)
        }
    }
}

/// Lets a number of writes in at once.
final class WriteGate: Sendable {
    private let places: DispatchSemaphore
    private let limit: Mutex<Int>

    init(_ limit: Int) {
        // One that begins with places must end with all of them (libdispatch).
        places = DispatchSemaphore(value: 0)
        for _ in 0..<limit { places.signal() }
        self.limit = Mutex(limit)
    }

    /// Returns when there is room.
    func enter() { places.wait() }

    func leave() { places.signal() }

    /// Takes places away for good, as they become free.
    func lower(to smaller: Int) {
        let count = limit.withLock { limit in
            defer { limit = min(limit, smaller) }
            return limit - smaller
        }
        for _ in 0..<max(0, count) { places.wait() }
    }
}
