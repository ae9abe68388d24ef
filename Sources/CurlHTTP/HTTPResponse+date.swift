import CCurl
import FoundationEssentials
import HTTP

extension HTTPResponse {
    /// Reads the `Date` field of `headers`.
    init(received status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.init(status: status, headers: headers, body: body)
        date = self[header: "date"].flatMap(Date.init(http:))
    }

    /// How long the server asks to wait (RFC 9110 §10.2.3), by its own clock where it tells it.
    func retryAfter(now: Date) -> Duration? {
        guard let text = self[header: "retry-after"] else { return nil }
        if text.utf8.allSatisfy({ (48...57).contains($0) }), !text.isEmpty {
            // A number of any length is some time; Int32 has room for 68 years.
            return .seconds(Int32(text) ?? .max)
        }
        guard let moment = Date(http: text) else { return nil }
        return .seconds(max(0, moment.timeIntervalSince(date ?? now)))
    }
}

extension Date {
    /// Reads an HTTP-date in any of the three forms of RFC 9110 §5.6.7.
    init?(http text: String) {
        let seconds = unsafe curl_getdate(text, nil)
        guard seconds >= 0 else { return nil }
        self.init(timeIntervalSince1970: Double(seconds))
    }
}
