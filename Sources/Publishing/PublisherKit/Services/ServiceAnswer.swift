public import FoundationEssentials
public import HTTP
public import JSON
import Secrets
import Timestamps

/// What a service answered to a call.
public struct ServiceAnswer: Sendable {
    /// The answer as it came.
    public let response: HTTPResponse
    private let service: any Service
    private let isWrite: Bool
    private let secrets: [Secret]
    /// The body, if it is JSON and says so.
    private let json: JSONValue?
    /// Whether an earlier try of the same write may have been done already, so that this answer is about a second one.
    public let isRepetition: Bool

    /// `secrets` are what the request carried: a service may repeat them in its own words.
    init(
        _ response: HTTPResponse, to call: ServiceCall, of service: any Service, secrets: [Secret], isRepetition: Bool
    ) {
        self.response = response
        self.service = service
        isWrite = call.isWrite
        self.secrets = secrets
        self.isRepetition = isRepetition
        json = Self.json(response)
    }

    /// Its status.
    public var status: Int { response.status }

    /// After how many seconds the service wants to be asked again (RFC 9110 §10.2.3).
    package var retryAfter: Int? { response.retryAfter.map { Int($0.components.seconds) } }

    /// The body as JSON of whatever kind.
    public func value() throws(ServiceError) -> JSONValue {
        guard let json else {
            let isUnnamed = (try? JSONValue(parsing: response.body)) != nil
            throw surprise(isUnnamed ? "not JSON by its Content-Type" : "not JSON")
        }
        return json
    }

    /// The body as an object of JSON.
    public func object() throws(ServiceError) -> AnswerObject {
        guard let object = json?.object else { throw surprise("not an object of JSON") }
        return fields(of: object)
    }

    /// The body as a list of objects.
    public func objects() throws(ServiceError) -> [AnswerObject] {
        guard json?.array != nil else { throw surprise("not a list") }
        guard let objects = json?.objects else {
            throw surprise("a list of something else than objects")
        }
        return objects.map(fields)
    }

    private func fields(of object: JSONObject) -> AnswerObject {
        AnswerObject(object, name: "the answer") { surprise("without \($0.key)") }
    }

    /// The service's own words in a refusal, in one short line. `nil` where there are none: then it may not be the service that has answered.
    public var words: String? {
        said.map { DisplayText.line(Redactor(secrets).redacting($0)) }
    }

    /// Whether the service's own words have these among them, in whatever case.
    public func says(_ words: String) -> Bool {
        said?.lowercased().contains(words.lowercased()) ?? false
    }

    private var said: String? {
        let text = json.flatMap(service.words)
        return text == "" ? nil : text
    }

    /// What to do about an answer that is none by the service's documentation.
    public static let surpriseHint =
        "check whether its address is that of the API, and whether a proxy answers in its place"

    /// An answer that is none by the service's documentation.
    public func surprise(_ what: String) -> ServiceError {
        ServiceError(
            PublisherError(
                .unavailable, "the answer of \(service.name) is \(what)",
                hint: Self.surpriseHint),
            mayHaveTakenEffect: isWrite)
    }

    /// `application/json`, and its kin such as `application/x-amz-json-1.1` and `application/problem+json`.
    private static func json(_ response: HTTPResponse) -> JSONValue? {
        let type = response[header: "content-type"]?.lowercased() ?? ""
        guard type.hasPrefix("application/"), type.contains("json") else { return nil }
        return try? JSONValue(parsing: response.body)
    }
}

/// An object in an answer, read by type. What is missing or of another type is an answer that is none by the service's
/// documentation.
public typealias AnswerObject = JSONFields<ServiceError>

extension JSONFields<ServiceError> {
    /// A moment in the form of RFC 3339.
    public func date(_ key: String) throws(ServiceError) -> Date {
        try required(key, { $0.string.flatMap { Date(rfc3339: $0) } }, "a moment")
    }
}
