import JSON

/// The JSON object in a request's body, held against an operation's schema.
struct Body {
    private let object: JSONObject

    init(_ bytes: [UInt8]?) throws(Refusal) {
        guard let bytes, !bytes.isEmpty else {
            object = [:]
            return
        }
        guard let value = try? JSONValue(parsing: bytes) else { throw Refusal(400, "Problems parsing JSON") }
        guard let object = value.object else { throw Refusal(400, "Body should be a JSON object") }
        self.object = object
    }

    subscript(name: String) -> JSONValue? { object[name] }

    /// Refuses a body without these members, with all that are missing in one message.
    func require(_ names: String...) throws(Refusal) {
        let missing = names.filter { object[$0] == nil }
        guard let first = missing.first else { return }
        if missing.count == 1 { throw .invalid("\"\(first)\" wasn't supplied.") }
        throw .invalid(missing.map { "\"\($0)\"" }.joined(separator: ", ") + " weren't supplied.")
    }

    func text(_ name: String) throws(Refusal) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value.string else {
            throw .invalid("For 'properties/\(name)', \(value.text()) is not a string.")
        }
        return text
    }

    func visibility() throws(Refusal) -> Visibility? {
        guard let text = try text("visibility") else { return nil }
        guard let visibility = Visibility(rawValue: text) else {
            throw .invalid("\(text) is not a member of [\"all\", \"private\", \"selected\"].")
        }
        return visibility
    }

    /// The chosen repositories; Dependabot's may be numbers in text.
    func repositories(allowingText: Bool) throws(Refusal) -> [Int]? {
        guard let value = object["selected_repository_ids"] else { return nil }
        guard let list = value.array else {
            throw .invalid("For 'properties/selected_repository_ids', \(value.text()) is not an array.")
        }
        var ids: [Int] = []
        for item in list {
            guard let id = item.integer ?? (allowingText ? item.string.flatMap(Int.init) : nil) else {
                throw .invalid("For 'items', \(item.text()) is not an integer.")
            }
            ids.append(id)
        }
        return ids
    }
}
