package import FoundationEssentials
package import HTTP
package import JSON

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
