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

/// What a request asks for: its path and query, decoded.
package struct RequestTarget: Sendable {
    /// The path as it was sent, still encoded.
    package let path: String
    /// The segments of the path, decoded one by one: a segment may hold a slash.
    package let segments: [String]
    private let query: [URLQueryItem]

    /// Leaves out the first `count` segments, which say whose request it is.
    package init(_ request: HTTPRequest, dropping count: Int = 0) {
        let address = URLComponents(string: request.url.description)
        path = address?.percentEncodedPath ?? ""
        query = address?.queryItems ?? []
        let encoded = path.split(separator: "/").dropFirst(count)
        segments = encoded.map { Self.decode(String($0)) }
    }

    private static func decode(_ segment: String) -> String {
        var address = URLComponents()
        address.percentEncodedPath = segment
        return address.path
    }

    /// The first value of a name in the query.
    package func value(_ name: String) -> String? { query.first { $0.name == name }?.value }
}

extension Date {
    /// The form of the `Date` field, `Mon, 23 Nov 2026 20:14:46 GMT` (RFC 9110 §5.6.7).
    package var httpDate: String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.weekday, .day, .month, .year, .hour, .minute, .second], from: self)
        func two(_ number: Int?) -> String { (number ?? 0) < 10 ? "0\(number ?? 0)" : "\(number ?? 0)" }
        let weekday = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][(parts.weekday ?? 1) - 1]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let day = "\(two(parts.day)) \(months[(parts.month ?? 1) - 1]) \(parts.year ?? 1970)"
        return "\(weekday), \(day) \(two(parts.hour)):\(two(parts.minute)):\(two(parts.second)) GMT"
    }
}

extension HTTPResponse {
    /// An answer with a body of JSON, sent at `now`. `type` is how the service calls it.
    package init(
        _ status: Int, _ json: JSONValue?, headers: [(name: String, value: String)] = [],
        type: String = "application/json; charset=utf-8", at now: Date
    ) {
        // The Date field knows no fractions of a second (RFC 9110 §5.6.7).
        let date = Date(timeIntervalSince1970: now.timeIntervalSince1970.rounded(.down))
        let type = json == nil ? [] : [(name: "content-type", value: type)]
        self.init(
            status: status, headers: type + [("date", date.httpDate)] + headers, body: json?.bytes() ?? [], date: date)
    }
}
