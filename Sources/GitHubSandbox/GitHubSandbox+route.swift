import HTTP

extension GitHubSandbox {
    /// The operation of a path, and whether it was asked for under a repository's former name.
    func operation(
        _ method: HTTPRequest.Method, _ path: [String]
    ) throws(Refusal) -> (operation: Operation, isRenamed: Bool) {
        var isRenamed = false
        var found: Operation.Resource?
        switch (path.first, path.count) {
        case ("user", 1): found = .user
        case ("rate_limit", 1): found = .rateLimit
        case ("graphql", 1): found = .graphql
        case ("orgs", 2...):
            let name = path[1].lowercased()
            guard organisations[name] != nil else { throw .notFound }
            found = path.count == 2 ? .organisation : Self.resource(path[2...], of: .organisation(name))
        case ("repositories", 2...):
            guard let repository = Int(path[1]).flatMap({ self.repository($0) }) else { throw .notFound }
            found = try resource(path[2...], of: repository)
        case ("repos", 3...):
            let name = path[1] + "/" + path[2]
            let former = repositories.first { $0.formerNames.contains(name.lowercased()) }
            guard let repository = self.repository(named: name) ?? former else { throw .notFound }
            isRenamed = repository.fullName.lowercased() != name.lowercased()
            found = try resource(path[3...], of: repository)
        default: break
        }
        guard let found else { throw .notFound }
        let operation = Operation(method: method, resource: found)
        guard operation.isServed else { throw .notFound }
        return (operation, isRenamed)
    }

    private func resource(
        _ path: ArraySlice<String>, of repository: Repository
    ) throws(Refusal) -> Operation.Resource? {
        guard let first = path.first else { return .repository(repository.id) }
        guard first == "environments" else { return Self.resource(path, of: .repository(repository.id)) }
        let rest = path.dropFirst()
        guard let name = rest.first else { return .environments(repository.id) }
        // An environment that is not there is told from one that is only after the token was looked at.
        let environment = repository.environment(name)?.name ?? name
        guard let family = rest.dropFirst().first else { return .environment(repository.id, environment) }
        return Self.resource(
            family, rest.dropFirst(2), of: .environment(repository.id, environment), store: .actions)
    }

    private static func resource(_ path: ArraySlice<String>, of place: Place) -> Operation.Resource? {
        guard path.count >= 2, let store = path.first.flatMap(SecretStore.init) else { return nil }
        return resource(path[path.startIndex + 1], path.dropFirst(2), of: place, store: store)
    }

    private static func resource(
        _ family: String, _ rest: ArraySlice<String>, of place: Place, store: SecretStore
    ) -> Operation.Resource? {
        let rest = Array(rest)
        let isSelection = place.isOrganisation && rest.count >= 2 && rest.count <= 3 && rest[1] == "repositories"
        let chosen = rest.count == 3 ? Int(rest[2]) : nil
        if rest.count == 3, chosen == nil { return nil }
        let shelf = Shelf(store: store, place: place)
        switch (family, rest.count) {
        case ("secrets", 0): return .secrets(shelf)
        case ("secrets", 1) where rest[0] == "public-key": return .publicKey(shelf)
        case ("secrets", 1): return .secret(shelf, rest[0])
        case ("secrets", _) where isSelection: return .selection(.secret(shelf, rest[0]), repository: chosen)
        case ("variables", 0) where store == .actions: return .variables(place)
        case ("variables", 1) where store == .actions: return .variable(place, rest[0])
        case ("variables", _) where store == .actions && isSelection:
            return .selection(.variable(place, rest[0]), repository: chosen)
        default: return nil
        }
    }
}

extension Operation {
    /// Whether the resource knows the method; GitHub answers 404 for the others.
    fileprivate var isServed: Bool {
        switch resource {
        case .user, .rateLimit, .organisation, .repository, .environments, .environment, .secrets, .publicKey:
            method == .get
        case .graphql: method == .post
        case .secret: [.get, .put, .delete].contains(method)
        case .variables: [.get, .post].contains(method)
        case .variable: [.get, .patch, .delete].contains(method)
        case .selection(_, let repository):
            repository == nil ? [.get, .put].contains(method) : [.put, .delete].contains(method)
        }
    }
}
