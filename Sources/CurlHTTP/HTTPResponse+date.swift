import CCurl
import FoundationEssentials
import HTTP

extension HTTPResponse {
    /// Reads the fields that hold dates; a date to come back at counts by the sender's own clock where it tells it.
    init(received status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.init(status: status, headers: headers, body: body)
        date = self[header: "date"].flatMap(Date.init(http:))
        if retryAfter == nil, let moment = self[header: "retry-after"].flatMap(Date.init(http:)) {
            retryAfter = .seconds(max(0, moment.timeIntervalSince(date ?? Date())))
        }
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
