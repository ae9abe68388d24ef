public import FoundationEssentials

extension Date {
    /// Reads an RFC 3339 date-time with or without fractions of a second; `nil` for anything else.
    public init?(rfc3339 text: String) {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: text.contains("."))
        guard let date = try? Date(text, strategy: style) else { return nil }
        self = date
    }

    /// The moment in UTC to the second, `2026-11-23T03:04:05Z` (RFC 3339 §5.6).
    public var rfc3339: String { formatted(.iso8601) }
}
