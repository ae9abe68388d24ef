package import Secrets

/// One request, complete in itself. A credential travels in `authorization`, never in a header or in the address.
package struct HTTPRequest: Sendable {
    /// The methods that ork uses (RFC 9110 §9, RFC 5789).
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    package var method: Method
    package var url: HTTPURL
    package var headers: [(name: String, value: String)]
    package var authorization: HTTPAuthorization?
    package var body: [UInt8]?
    /// Whether sending it twice does what sending it once does. Others are sent once, on a fresh connection.
    package var isIdempotent: Bool
    /// Whether it must not share a connection with an earlier request, so that it meets another server of the provider.
    package var wantsFreshConnection: Bool
    /// The time for one try, where it is less than the transport's own limit.
    package var timeout: Duration?

    /// Idempotent unless it is a POST; a caller that knows better says so.
    package init(
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
    package init(
        _ method: Method, _ url: HTTPURL, headers: [(name: String, value: String)] = [], bearer: Secret?,
        body: [UInt8]? = nil, isIdempotent: Bool? = nil, wantsFreshConnection: Bool = false, timeout: Duration? = nil
    ) {
        self.init(
            method, url, headers: headers, authorization: bearer.map(HTTPAuthorization.bearer), body: body,
            isIdempotent: isIdempotent, wantsFreshConnection: wantsFreshConnection, timeout: timeout)
    }

    /// The bearer, where it is one.
    package var bearer: Secret? {
        switch authorization {
        case .bearer(let secret): secret
        case nil: nil
        }
    }
}
