import FoundationEssentials
import HTTP
import JSON
import Timestamps

extension GitHubSandbox {
    func listVariables(_ place: Place, _ request: ParsedRequest) -> Reply {
        let all = (variables[place] ?? [:]).values.sorted { $0.name < $1.name }
        return page("variables", all.map { $0.json(request, place) }, request, size: 10, limit: 30)
    }

    func variable(_ name: String, _ place: Place) throws(Refusal) -> StoredVariable {
        guard let variable = variables[place]?[name.uppercased()] else { throw .notFound }
        return variable
    }

    mutating func deleteVariable(_ name: String, _ place: Place) throws(Refusal) -> Reply {
        guard variables[place]?.removeValue(forKey: name.uppercased()) != nil else { throw .notFound }
        return .noContent
    }

    mutating func createVariable(_ place: Place, _ request: ParsedRequest, at now: Date) throws(Refusal) -> Reply {
        let body = try Body(request.request.body)
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
        _ name: String, _ place: Place, _ request: ParsedRequest, at now: Date
    ) throws(Refusal) -> Reply {
        var variable = try variable(name, place)
        let body = try Body(request.request.body)
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
    func json(_ request: ParsedRequest, _ place: Place) -> JSONValue {
        var object: JSONObject = [
            "name": .string(name), "value": .string(value), "created_at": .string(createdAt.rfc3339),
            "updated_at": .string(updatedAt.rfc3339),
        ]
        if let visibility, case .organisation(let owner) = place {
            object["visibility"] = .string(visibility.rawValue)
            if visibility == .selected {
                object["selected_repositories_url"] = .string(
                    "\(request.base)/orgs/\(owner)/actions/variables/\(name)/repositories")
            }
        }
        return .object(object)
    }
}

/// Which repositories see an organisation's secrets and variables.
extension GitHubSandbox {
    /// What a body says of visibility; nothing where the place has none.
    func audience(
        _ body: Body, _ place: Place, allowingText: Bool = false, current: Visibility? = nil
    ) throws(Refusal) -> (Visibility?, [Int]) {
        guard place.isOrganisation else { return (nil, []) }
        if current == nil { try body.require("visibility") }
        let visibility = try body.visibility() ?? current
        let ids = try body.repositories(allowingText: allowingText)
        guard let ids else { return (visibility, []) }
        guard visibility == .selected else {
            throw .invalid("\"selected_repository_ids\" is only permitted with the visibility \"selected\".")
        }
        return (visibility, try known(ids, place))
    }

    private func known(_ ids: [Int], _ place: Place) throws(Refusal) -> [Int] {
        guard case .organisation(let name) = place else { return [] }
        for id in ids {
            guard let repository = repository(id), repository.owner.lowercased() == name else {
                throw .invalid("\(id) is not a repository of the organization.")
            }
        }
        return Set(ids).sorted()
    }

    /// Lists, replaces, extends or cuts the selected repositories.
    mutating func select(
        _ selection: Operation.Selection, _ id: Int?, _ method: HTTPRequest.Method, _ request: ParsedRequest
    ) throws(Refusal) -> Reply {
        let (place, visibility, selected): (Place, Visibility?, [Int])
        switch selection {
        case .secret(let collection, let name):
            let secret = try secret(name, collection)
            (place, visibility, selected) = (collection.place, secret.visibility, secret.selected)
        case .variable(let home, let name):
            let variable = try variable(name, home)
            (place, visibility, selected) = (home, variable.visibility, variable.selected)
        }
        if method == .get { return page("repositories", selected.map { minimalRepositoryJSON($0, request) }, request) }
        guard visibility == .selected else {
            throw Refusal(409, "Conflict: the visibility is not set to selected")
        }
        var changed = selected
        switch (method, id) {
        case (.put, let id?): changed = try known(selected + [id], place)
        case (.delete, let id?): changed.removeAll { $0 == id }
        default:
            let body = try Body(request.request.body)
            try body.require("selected_repository_ids")
            changed = try known(body.repositories(allowingText: false) ?? [], place)
        }
        switch selection {
        case .secret(let collection, let name): secrets[collection]?[name.uppercased()]?.selected = changed
        case .variable(let place, let name): variables[place]?[name.uppercased()]?.selected = changed
        }
        return .noContent
    }
}
