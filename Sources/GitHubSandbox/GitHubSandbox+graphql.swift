import HTTP
import JSON

extension GitHubSandbox {
    /// The one query that gh asks: aliases of `repository(owner: "O", name: "N") { databaseId }`.
    func graphql(_ asked: Asked) throws(Refusal) -> JSONValue {
        let query = try Body(asked.request.body).text("query") ?? ""
        var data: JSONObject = [:]
        var errors: [JSONValue] = []
        for part in query.split(separator: "}") {
            // ALIAS: repository(owner: "OWNER", name: "NAME") { …
            let pieces = part.split(separator: "\"", omittingEmptySubsequences: false)
            let words = pieces[0].split(whereSeparator: { " \t\n:{".contains($0) })
            guard pieces.count == 5, words.count >= 2, words.last == "repository(owner" else { continue }
            let name = "\(pieces[1])/\(pieces[3])"
            let alias = String(words[words.count - 2])
            if let repository = repository(named: name), asked.token?.sees(repository) == true {
                data[alias] = ["databaseId": .number(JSONNumber(repository.id))]
            } else {
                data[alias] = .null
                errors.append([
                    "type": "NOT_FOUND", "path": [.string(alias)], "locations": [["line": 2, "column": 4]],
                    "message": .string("Could not resolve to a Repository with the name '\(name)'."),
                ])
            }
        }
        guard !data.isEmpty else {
            return ["errors": [["message": "this query is not known here"]]]
        }
        return errors.isEmpty ? ["data": .object(data)] : ["data": .object(data), "errors": .array(errors)]
    }
}
