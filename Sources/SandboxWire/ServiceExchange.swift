package import FoundationEssentials
package import HTTP
package import JSON
import Timestamps

/// What a service was asked and what it answered. It holds no body and no credential.
package struct ServiceExchange: Sendable {
    package let at: Date
    package let method: HTTPRequest.Method
    /// Path and query as they were sent.
    package let path: String
    package let status: Int

    package init(_ request: HTTPRequest, _ response: HTTPResponse, at: Date) {
        self.at = at
        method = request.method
        path = String(request.url.description.drop { $0 != ":" }.dropFirst(3).drop { $0 != "/" })
        status = response.status
    }

    /// One line of the log.
    package var json: JSONValue {
        [
            "at": .string(at.rfc3339), "method": .string(method.rawValue), "path": .string(path),
            "status": .number(JSONNumber(status)),
        ]
    }
}
