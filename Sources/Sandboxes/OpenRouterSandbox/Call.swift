import FoundationEssentials
import HTTP
package import JSON

/// A request by somebody who may administer an account, taken apart.
struct Call {
    let method: HTTPRequest.Method
    /// The segments of the path below `/api/v1`.
    let path: [String]
    let query: Query
    let body: [UInt8]?
    let account: Int
    let now: Date

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

/// A status and the body that goes with it.
typealias Reply = (status: Int, json: JSONValue)

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
