public import FoundationEssentials
public import Secrets

/// One request, complete in itself. A credential travels in `authorization`, never in a header or in the address.
public struct HTTPRequest: Sendable {
    /// The methods that ork uses (RFC 9110 §9, RFC 5789).
    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    /// How it asks.
    public var method: Method
    /// Whom it asks.
    public var url: HTTPURL
    /// The fields besides the authorization and what the transport adds.
    public var headers: [(name: String, value: String)]
    /// The credential, which is in no field.
    public var authorization: HTTPAuthorization?
    /// The body; `nil` for none.
    public var body: [UInt8]?
    /// Whether sending it twice does what sending it once does. Others are sent once, on a fresh connection.
    public var isIdempotent: Bool
    /// Whether it must not share a connection with an earlier request, so that it meets another server of the provider.
    public var wantsFreshConnection: Bool
    /// The time for one try, where it is less than the transport's own limit.
    public var timeout: Duration?
    /// What people are shown in place of the address, where that is a credential.
    public var alias: String?

    /// Idempotent unless it is a POST; a caller that knows better says so.
    public init(
        _ method: Method, _ url: HTTPURL, headers: [(name: String, value: String)] = [],
        authorization: HTTPAuthorization? = nil, body: [UInt8]? = nil, isIdempotent: Bool? = nil,
        wantsFreshConnection: Bool = false, timeout: Duration? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.authorization = authorization
        self.body = body
        self.isIdempotent = isIdempotent ?? (method != .post)
        self.wantsFreshConnection = wantsFreshConnection
        self.timeout = timeout
    }

    /// The same with a bearer.
    public init(
        _ method: Method, _ url: HTTPURL, headers: [(name: String, value: String)] = [], bearer: Secret?,
        body: [UInt8]? = nil, isIdempotent: Bool? = nil, wantsFreshConnection: Bool = false, timeout: Duration? = nil
    ) {
        self.init(
            method, url, headers: headers, authorization: bearer.map(HTTPAuthorization.bearer), body: body,
            isIdempotent: isIdempotent, wantsFreshConnection: wantsFreshConnection, timeout: timeout)
    }

    /// The bearer, where it is one.
    public var bearer: Secret? {
        if case .bearer(let secret) = authorization { secret } else { nil }
    }
}

/// How a request says whose it is.
public enum HTTPAuthorization: Sendable, Equatable {
    /// `Authorization: Bearer …` (RFC 6750 §2.1).
    case bearer(Secret)
    /// `Authorization: SCHEME …` with another scheme's name, as `Basic` (RFC 9110 §11.4).
    case scheme(String, Secret)
    /// A field of its own with the credential as it is, as `X-aws-ec2-metadata-token`.
    case field(String, Secret)
    /// A signature of the whole request, which the transport makes.
    case awsSignature(AWSSigningKey)
}

/// What a request to AWS is signed with, and for whom (Signature Version 4).
public struct AWSSigningKey: Sendable, Equatable {
    /// Names the key; it goes with each request in the clear.
    public let accessKeyID: String
    /// The secret half of the key.
    public let secretAccessKey: Secret
    /// Goes with the keys that expire.
    public let sessionToken: Secret?
    /// The region and the service that the signature is good for, as `eu-central-1` and `secretsmanager`.
    public let region: String
    /// The name of the service, as in `secretsmanager`.
    public let service: String

    /// A key for one region and service.
    public init(
        accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret? = nil, region: String, service: String
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.region = region
        self.service = service
    }
}

/// One whole response. Its body may hold a secret and is never quoted in a message.
public struct HTTPResponse: Sendable {
    /// The status, 100 to 599.
    public var status: Int
    /// The header fields in the order received; names in lower case.
    public var headers: [(name: String, value: String)]
    /// The body, empty if there is none.
    public var body: [UInt8]
    /// The sender's clock, from the `Date` field (RFC 9110 §6.6.1); `nil` if it sent none.
    public var date: Date?
    /// How long the sender asks to wait (RFC 9110 §10.2.3).
    public var retryAfter: Duration?

    /// Reads `Retry-After` where it is a number of seconds; who can read dates sets the other form.
    public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = [], date: Date? = nil) {
        self.status = status
        self.headers = headers
        self.body = body
        self.date = date
        if let text = self[header: "retry-after"], !text.isEmpty, text.utf8.allSatisfy({ $0.isASCIIDigit }) {
            // A number of any length is some time; Int32 has room for 68 years.
            retryAfter = .seconds(Int32(text) ?? .max)
        }
    }

    /// The first field of this name; case is ignored.
    public subscript(header name: String) -> String? {
        let name = name.lowercased()
        return headers.first { $0.name.lowercased() == name }?.value
    }
}
