import JSON

/// A success, before the headers that every answer has.
struct Reply {
    let status: Int
    var json: JSONValue?
    var headers: [(name: String, value: String)] = []

    static let created = Reply(status: 201, json: [:])
    static let noContent = Reply(status: 204)

    init(status: Int = 200, json: JSONValue? = nil, headers: [(name: String, value: String)] = []) {
        self.status = status
        self.json = json
        self.headers = headers
    }
}
