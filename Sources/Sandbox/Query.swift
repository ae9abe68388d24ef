import FoundationEssentials

/// The query of a request: names and values, decoded.
struct Query {
    private let items: [URLQueryItem]

    init(_ items: [URLQueryItem]) { self.items = items }

    /// The first value of a name.
    func text(_ name: String) -> String? { items.first { $0.name == name }?.value }

    /// A whole number within bounds, `nil` if there is none.
    func count(_ name: String, _ bounds: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let text = text(name) else { return nil }
        guard let count = Int(text), bounds.contains(count) else {
            throw .invalid(name, "must be a whole number within its bounds")
        }
        return count
    }

    /// `true` or `false`; false if there is none.
    func flag(_ name: String) throws(APIError) -> Bool {
        switch text(name) {
        case nil, "false": return false
        case "true": return true
        default: throw .invalid(name, "must be true or false")
        }
    }
}
