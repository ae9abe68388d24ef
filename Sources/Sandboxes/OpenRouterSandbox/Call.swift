import FoundationEssentials
import HTTP
package import JSON
import Secrets

/// A request, taken apart.
struct Call {
    let method: HTTPRequest.Method
    /// The segments of the path below `/api/v1`, decoded.
    let path: [String]
    var query = Query([])
    var body: [UInt8]?
    var bearer: Secret?
    /// Where it arrived.
    var region = Region.global
    let now: Date
    /// The account that is administered, once that is known.
    var account = 0

    /// The path and all that it lies below.
    var levels: [String] { path.indices.map { path[...$0].joined(separator: "/") } }

    /// The object in the body, as far as the schema knows it.
    func object(_ shape: Shape) throws(APIError) -> JSONObject {
        guard let body, let value = try? JSONValue(parsing: body), value.object != nil else {
            throw APIError(400, "Invalid request parameters")
        }
        return try shape.read(value).object ?? [:]
    }

    /// One page of a list that takes `offset` and `limit` (1 to 100, by default 50). Where no 400 is documented, a
    /// number out of bounds is taken for the nearest one within them.
    func page<Row>(_ rows: [Row], refuses: Bool = true) throws(APIError) -> ArraySlice<Row> {
        guard refuses else {
            let offset = query.text("offset").flatMap(Int.init) ?? 0
            let limit = query.text("limit").flatMap(Int.init) ?? 50
            return rows.dropFirst(max(0, offset)).prefix(min(max(1, limit), 100))
        }
        let offset = try query.count("offset", 0...Int.max) ?? 0
        let limit = try query.count("limit", 1...100) ?? 50
        return rows.dropFirst(offset).prefix(limit)
    }
}

/// A status and the body that goes with it, if one does.
typealias Reply = (status: Int, json: JSONValue?)

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

    /// Whether the value is `true`; whatever else there is means false.
    func flag(_ name: String) -> Bool { text(name) == "true" }
}

/// One row of a list that the API keeps: its members as they are answered.
package struct Record: Sendable {
    package internal(set) var members: JSONObject

    package var id: String { members["id"]?.string ?? "" }
    /// The workspace to which it belongs; `nil` for none.
    package var workspace: String? { members["workspace_id"]?.string }

    var json: JSONValue { .object(members) }
}

extension Array<Record> {
    /// The row of this id. Ids are compared as UUIDs are, whatever their case.
    func index(of id: String) throws(APIError) -> Int {
        guard let index = firstIndex(where: { $0.id == id.lowercased() }) else { throw .notFound }
        return index
    }
}
