package import FoundationEssentials

/// One whole response. Its body may hold a secret and is never quoted in a message.
package struct HTTPResponse: Sendable {
    /// The status, 100 to 599.
    package var status: Int
    /// The header fields in the order received; names in lower case.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// The sender's clock, from the `Date` field (RFC 9110 §6.6.1); `nil` if it sent none.
    package var date: Date?
    /// How long the sender asks to wait (RFC 9110 §10.2.3).
    package var retryAfter: Duration?

    /// Reads `Retry-After` where it is a number of seconds; who can read dates sets the other form.
    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = [], date: Date? = nil) {
        self.status = status
        self.headers = headers
        self.body = body
        self.date = date
        if let text = self[header: "retry-after"], !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) {
            // A number of any length is some time; Int32 has room for 68 years.
            retryAfter = .seconds(Int32(text) ?? .max)
        }
    }

    /// The first field of this name, which is compared without regard to case.
    package subscript(header name: String) -> String? {
        let name = name.lowercased()
        return headers.first { $0.name.lowercased() == name }?.value
    }
}
