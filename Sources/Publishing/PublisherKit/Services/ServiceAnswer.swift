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

    /// The body as an object of JSON.
    public func object() throws(ServiceError) -> AnswerObject {
        guard let object = json?.object else { throw surprise("not an object of JSON") }
        return AnswerObject(object, of: self)
    }

    /// The body as a list of objects.
    public func objects() throws(ServiceError) -> [AnswerObject] {
        guard let list = json?.array else { throw surprise("not a list") }
        return try AnswerObject.all(list, of: self)
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

/// An object in an answer, read by type. What is missing or of another type is an answer that is none.
public struct AnswerObject: Sendable {
    private let object: JSONObject
    private let answer: ServiceAnswer

    init(_ object: JSONObject, of answer: ServiceAnswer) {
        self.object = object
        self.answer = answer
    }

    static func all(_ list: [JSONValue], of answer: ServiceAnswer) throws(ServiceError) -> [AnswerObject] {
        var objects: [AnswerObject] = []
        for value in list {
            guard let object = value.object else { throw answer.surprise("a list of something else than objects") }
            objects.append(AnswerObject(object, of: answer))
        }
        return objects
    }

    /// The member as it stands there.
    public subscript(key: String) -> JSONValue? { object[key] }

    /// A text.
    public func text(_ key: String) throws(ServiceError) -> String {
        guard let text = object[key]?.string else { throw answer.surprise("without \(key)") }
        return text
    }

    /// A whole number.
    public func integer(_ key: String) throws(ServiceError) -> Int {
        guard let integer = object[key]?.integer else { throw answer.surprise("without \(key)") }
        return integer
    }

    /// `true` or `false`.
    public func flag(_ key: String) throws(ServiceError) -> Bool {
        guard let flag = object[key]?.bool else { throw answer.surprise("without \(key)") }
        return flag
    }

    /// A moment in the form of RFC 3339.
    public func date(_ key: String) throws(ServiceError) -> Date {
        guard let date = object[key]?.string.flatMap(Date.init(rfc3339:)) else {
            throw answer.surprise("without \(key)")
        }
        return date
    }

    /// A list of objects.
    public func objects(_ key: String) throws(ServiceError) -> [AnswerObject] {
        guard let list = object[key]?.array else { throw answer.surprise("without \(key)") }
        return try Self.all(list, of: answer)
    }
}
