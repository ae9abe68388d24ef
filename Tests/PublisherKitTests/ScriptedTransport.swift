import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Synchronization
import Timestamps

/// Gives the answers it was made with, one after the other, and keeps the requests. The last one is given for ever.
final class ScriptedTransport: HTTPTransport {
    typealias Answer = Result<HTTPResponse, TransportError>

    private let state: Mutex<(answers: [Answer], requests: [HTTPRequest])>

    init(_ answers: [Answer]) { state = Mutex((answers, [])) }

    var requests: [HTTPRequest] { state.withLock(\.requests) }

    func send(_ requests: [HTTPRequest], each: (Int, Answer) -> Void) {
        for (index, request) in requests.enumerated() {
            let answer = state.withLock { state in
                state.requests.append(request)
                return state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
            }
            each(index, answer)
        }
    }
}

extension ScriptedTransport.Answer {
    static func answer(_ status: Int, _ body: String = "{}", _ headers: [String: String] = [:]) -> Self {
        let fields = ["content-type": "application/json"].merging(headers) { $1 }
        return .success(
            HTTPResponse(status: status, headers: fields.map { (name: $0, value: $1) }, body: Array(body.utf8)))
    }

    /// The server has seen the request, and the answer is lost.
    static let lost = Self.failure(TransportError(.interrupted, "the connection ended", mayHaveArrived: true))
    /// The server has not seen the request.
    static let unsent = Self.failure(TransportError(.unreachable, "no connection", mayHaveArrived: false))
}

/// A clock that stands still unless somebody sleeps.
final class SteppingClock: WallClock {
    static let start = Date(timeIntervalSince1970: 1_800_000_000)

    private let moment = Mutex(start)

    var now: Date { moment.withLock { $0 } }

    func sleep(until moment: Date) { self.moment.withLock { $0 = max($0, moment) } }

    /// Whole seconds since the start.
    var seconds: Int { Int(now.timeIntervalSince(Self.start)) }
}

/// A service that has nothing of its own.
struct PlainService: Service {
    let name = "Plain"
    let credential = "PLAIN_TOKEN"
    let addressVariable = "PLAIN_URL"
    let standardAddress = "https://plain.example/api"
    let headers = [(name: "accept", value: "application/json")]

    func objection(to token: Secret) -> PublisherError? {
        token == Secret("useless") ? PublisherError(.denied, "such a token is of no use") : nil
    }

    func reason(_ refusal: HTTPResponse) -> String? { refusal[header: "x-plain-reason"] }

    func explain(_ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError? {
        refusal.status == 418 ? PublisherError(.configuration, "plain is a teapot") : nil
    }
}

/// What a client said to people.
final class Notices: Sendable {
    private let state = Mutex<[String]>([])

    var lines: [String] { state.withLock { $0 } }

    func hear(_ line: String) { state.withLock { $0.append(line) } }
}

/// A client with an answer script and a clock of its own.
struct Bench {
    let transport: ScriptedTransport
    let clock = SteppingClock()
    let notices = Notices()
    let client: ServiceClient

    init(_ answers: [ScriptedTransport.Answer]) throws {
        transport = ScriptedTransport(answers)
        client = ServiceClient(
            PlainService(), at: try HTTPURL("https://plain.example/api"),
            credentials: StaticToken(Secret("t0-of-plain")),
            transport: transport,
            clock: clock, notice: notices.hear)
    }

    /// Sends a call with so many seconds to its deadline.
    func send(_ call: ServiceCall, within seconds: Double = 600) throws(ServiceError) -> ServiceAnswer {
        try client.send(call, until: clock.now.addingTimeInterval(seconds))
    }

    static let read = ServiceCall(.get, ["a b", "c/d"], query: [("e", "*")], to: "read the thing", field: "with.thing")
    static let write = ServiceCall(.put, ["x"], body: ["v": 1], statuses: [201, 204], to: "write the thing")
    static let make = ServiceCall(.post, ["x"], body: ["v": 1], statuses: [201], to: "make the thing")
}
