import FoundationEssentials
package import HTTP

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
