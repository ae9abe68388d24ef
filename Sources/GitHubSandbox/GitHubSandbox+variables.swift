import FoundationEssentials
import HTTP
import JSON
import Timestamps

extension GitHubSandbox {
    func listVariables(_ place: Place, _ asked: Asked) -> Reply {
        let all = (variables[place] ?? [:]).values.sorted { $0.name < $1.name }
        return page("variables", all.map { $0.json(asked, place) }, asked, size: 10, limit: 30)
    }

    func variable(_ name: String, _ place: Place) throws(Refusal) -> StoredVariable {
        guard let variable = variables[place]?[name.uppercased()] else { throw .notFound }
        return variable
    }

    mutating func deleteVariable(_ name: String, _ place: Place) throws(Refusal) -> Reply {
        guard variables[place]?.removeValue(forKey: name.uppercased()) != nil else { throw .notFound }
        return .noContent
    }

    mutating func createVariable(_ place: Place, _ asked: Asked, at now: Date) throws(Refusal) -> Reply {
        let body = try Body(asked.request.body)
        try body.require("name", "value")
        let name = try body.text("name") ?? ""
        try Self.check(name: name, of: "Variable")
        let value = try Self.value(body) ?? ""
        let (visibility, selected) = try audience(body, place)
        guard variables[place]?[name.uppercased()] == nil else { throw .variableExists }
        variables[place, default: [:]][name.uppercased()] = StoredVariable(
            name: name.uppercased(), value: value, visibility: visibility, selected: selected,
            createdAt: now.wholeSecond, updatedAt: now.wholeSecond)
        return .created
    }

    /// Changes what the body names; a variable may get another name.
    mutating func changeVariable(
        _ name: String, _ place: Place, _ asked: Asked, at now: Date
    ) throws(Refusal) -> Reply {
        var variable = try variable(name, place)
        let body = try Body(asked.request.body)
        if let value = try Self.value(body) { variable.value = value }
        if body["visibility"] != nil || body["selected_repository_ids"] != nil {
            (variable.visibility, variable.selected) = try audience(body, place, current: variable.visibility)
        }
        if let other = try body.text("name") {
            try Self.check(name: other, of: "Variable")
            guard other.uppercased() == variable.name || variables[place]?[other.uppercased()] == nil else {
                throw .variableExists
            }
            variables[place]?[variable.name] = nil
            variable.name = other.uppercased()
        }
        variable.updatedAt = now.wholeSecond
        variables[place, default: [:]][variable.name] = variable
        return .noContent
    }

    private static func value(_ body: Body) throws(Refusal) -> String? {
        guard let value = try body.text("value") else { return nil }
        guard value.utf8.count <= 48_000 else { throw Refusal(422, "Value is too large.") }
        return value
    }
}

extension StoredVariable {
    func json(_ asked: Asked, _ place: Place) -> JSONValue {
        var object: JSONObject = [
            "name": .string(name), "value": .string(value), "created_at": .string(createdAt.rfc3339),
            "updated_at": .string(updatedAt.rfc3339),
        ]
        if let visibility, case .organisation(let owner) = place {
            object["visibility"] = .string(visibility.rawValue)
            if visibility == .selected {
                object["selected_repositories_url"] = .string(
                    "\(asked.base)/orgs/\(owner)/actions/variables/\(name)/repositories")
            }
        }
        return .object(object)
    }
}
