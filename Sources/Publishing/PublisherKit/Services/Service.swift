public import FoundationEssentials
public import HTTP
public import JSON
public import Secrets

/// A service of the web as publishers see it: what it is called, what each request carries, and how it says no.
public protocol Service: Sendable {
    /// Its name for people, as `GitHub`.
    var name: String { get }
    /// The environment variable with the credential.
    var credential: String { get }
    /// The environment variable in which a CI system names the address of its own API.
    var addressVariable: String { get }
    /// Where the API is if nothing else is said.
    var standardAddress: String { get }
    /// The fields of every request besides the credential.
    var headers: [(name: String, value: String)] { get }
    /// Why a credential can be of no use, by its form; `nil` if that does not tell.
    func objection(to token: Secret) -> PublisherError?
    /// The service's own words in the body of a refusal; `nil` where there are none.
    func words(in body: JSONValue) -> String?
    /// How long to stay away, if this answer says that there were too many requests; `nil` if it says something else.
    ///
    /// `number` counts such answers to one call, from 1.
    func pause(_ response: HTTPResponse, number: Int, now: Date) -> Duration?
    /// Statuses after which the same request may well succeed a little later, beside 408 and those from 500 on.
    var passingStatuses: Set<Int> { get }
    /// The service's own name for the reason of a refusal; `nil` where it has none.
    func reason(_ refusal: HTTPResponse) -> String?
    /// What a refusal means where HTTP alone does not tell; `nil` for the general text.
    func explain(_ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError?
}

extension Service {
    /// No credential is refused by its form.
    public func objection(to token: Secret) -> PublisherError? { nil }

    /// The text at `message`, `error_description` (RFC 6749 §5.2) or `error`.
    public func words(in body: JSONValue) -> String? {
        guard let said = body["message"] ?? body["error_description"] ?? body["error"] else { return nil }
        // GitLab: {"message": {"key": ["is invalid"]}}
        let fields = said.object?.members.map { key, value in
            "\(key) \((value.array ?? [value]).compactMap(\.string).joined(separator: ", "))"
        }
        return said.string ?? fields?.joined(separator: "; ")
    }

    /// None.
    public var passingStatuses: Set<Int> { [] }

    /// 429 is one (RFC 6585 §4).
    public func pause(_ response: HTTPResponse, number: Int, now: Date) -> Duration? {
        response.status == 429 ? pause(response, number: number, reset: nil, now: now) : nil
    }

    /// The length of a pause: `Retry-After`, else until the moment in the field `reset` (seconds of Unix time, read by
    /// the sender's own clock; a day at most), else a minute, doubled each time. Never less than a second.
    public func pause(_ response: HTTPResponse, number: Int, reset: String?, now: Date) -> Duration {
        if let wish = response.retryAfter { return max(wish, .seconds(1)) }
        if let moment = reset.flatMap({ response[header: $0] }).flatMap({ Int($0) }) {
            let rest = Double(moment) - (response.date ?? now).timeIntervalSince1970
            return .seconds(Int(min(max(rest.rounded(.up), 1), 86400)))
        }
        return .seconds(60 << min(number - 1, 6))
    }

    /// The service has no names for reasons.
    public func reason(_ refusal: HTTPResponse) -> String? { nil }

    /// HTTP alone tells.
    public func explain(_ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError? { nil }
}

/// One call of a service's API.
public struct ServiceCall: Sendable {
    /// How HTTP is asked.
    public var method: HTTPRequest.Method
    /// The segments of the path below the service's address, not yet encoded; none for the address itself.
    public var path: [String]
    /// What stands behind the path and a colon: a custom method of Google's (AIP-136), as `addVersion`. ASCII letters.
    public var action: String?
    /// The names and values behind the `?`, not yet encoded.
    public var query: [(String, String)]
    /// The body, sent as JSON.
    public var body: JSONValue?
    /// The body of a call that has no JSON: names and values, sent as a form (`application/x-www-form-urlencoded`).
    public var form: [(String, String)]?
    /// Fields besides those that every request to the service has.
    public var headers: [(name: String, value: String)] = []
    /// What of the body no message may repeat.
    public var secret: Secret?
    /// The statuses that the caller understands; every other one is a refusal.
    public var statuses: Set<Int>
    /// What the call does, as `read the public key of acme/web`: for messages.
    public var purpose: String
    /// The setting to look at if there is nothing at this path, as `with.repository`.
    public var field: String?
    /// What the token must be allowed for it, in the service's own words: for the hint of a refusal.
    public var permission: String?
    /// Whether it can change anything that counts.
    public var isWrite: Bool
    /// Whether doing it twice is doing it once. Others are sent once, and a lost answer is for the caller to settle.
    public var isIdempotent: Bool

    /// Everything but a GET is a write, and everything but a POST idempotent; a caller that knows better says so.
    public init(
        _ method: HTTPRequest.Method, _ path: [String], query: [(String, String)] = [], body: JSONValue? = nil,
        statuses: Set<Int> = [200], to purpose: String, field: String? = nil, permission: String? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.statuses = statuses
        self.purpose = purpose
        self.field = field
        self.permission = permission
        isWrite = method != .get
        isIdempotent = method != .post
    }
}
