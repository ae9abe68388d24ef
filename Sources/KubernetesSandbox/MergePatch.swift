package import JSON

extension JSONValue {
    /// This value with a patch applied: an object's members replace, and `null` takes away (RFC 7396 §2).
    func merged(with patch: JSONValue) -> JSONValue {
        guard let changes = patch.object else { return patch }
        var result = object ?? [:]
        for (key, value) in changes.members {
            if value.isNull { result[key] = nil } else { result[key] = (result[key] ?? .null).merged(with: value) }
        }
        return .object(result)
    }
}

extension JSONObject {
    /// The value at the end of a path of members.
    func at(_ path: String...) -> JSONValue? {
        path.dropFirst().reduce(self[path[0]]) { $0?[$1] }
    }

    /// These members and those, which win.
    func merging(_ other: JSONObject) -> JSONObject {
        var result = self
        for (key, value) in other.members { result[key] = value }
        return result
    }

    /// A member that is an object, made where it is missing.
    package subscript(object key: String) -> JSONObject {
        get { self[key]?.object ?? [:] }
        set { self[key] = .object(newValue) }
    }

    func count(_ path: String...) -> Int? { path.dropFirst().reduce(self[path[0]]) { $0?[$1] }?.integer }
}
