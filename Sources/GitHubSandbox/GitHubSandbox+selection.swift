import HTTP
import JSON

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
        _ selection: Operation.Selection, _ id: Int?, _ method: HTTPRequest.Method, _ asked: Asked
    ) throws(Refusal) -> Reply {
        let (place, visibility, selected): (Place, Visibility?, [Int])
        switch selection {
        case .secret(let shelf, let name):
            let secret = try secret(name, shelf)
            (place, visibility, selected) = (shelf.place, secret.visibility, secret.selected)
        case .variable(let home, let name):
            let variable = try variable(name, home)
            (place, visibility, selected) = (home, variable.visibility, variable.selected)
        }
        if method == .get { return page("repositories", selected.map { minimalRepositoryJSON($0, asked) }, asked) }
        guard visibility == .selected else {
            throw Refusal(409, "Conflict: the visibility is not set to selected")
        }
        var changed = selected
        switch (method, id) {
        case (.put, let id?): changed = try known(selected + [id], place)
        case (.delete, let id?): changed.removeAll { $0 == id }
        default:
            let body = try Body(asked.request.body)
            try body.require("selected_repository_ids")
            changed = try known(body.repositories(allowingText: false) ?? [], place)
        }
        switch selection {
        case .secret(let shelf, let name): secrets[shelf]?[name.uppercased()]?.selected = changed
        case .variable(let place, let name): variables[place]?[name.uppercased()]?.selected = changed
        }
        return .noContent
    }
}
