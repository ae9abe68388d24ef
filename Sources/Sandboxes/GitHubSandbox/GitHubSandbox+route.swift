import FoundationEssentials
import HTTP
import JSON
import SandboxWire

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
        let collection = SecretCollection(store: store, place: place)
        switch (family, rest.count) {
        case ("secrets", 0): return .secrets(collection)
        case ("secrets", 1) where rest[0] == "public-key": return .publicKey(collection)
        case ("secrets", 1): return .secret(collection, rest[0])
        case ("secrets", _) where isSelection: return .selection(.secret(collection, rest[0]), repository: chosen)
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

extension GitHubSandbox {
    /// Does what was asked for, by somebody who may.
    mutating func perform(_ operation: Operation, _ request: ParsedRequest, at now: Date) throws(Refusal) -> Reply {
        if case .environment(let id, let name)? = operation.place, repository(id)?.environment(name) == nil {
            throw .notFound
        }
        switch operation.resource {
        case .user: return Reply(json: userJSON(request))
        case .rateLimit: return Reply(json: rateLimits(request, at: now))
        case .graphql: return Reply(json: try graphql(request))
        case .organisation: return Reply(json: try organisationJSON(request.target.segments[1], request))
        case .repository(let id): return Reply(json: try repositoryJSON(id, request))
        case .environments(let id): return try environments(of: id, request)
        case .environment(let id, let name): return Reply(json: try environmentJSON(name, of: id, request))
        case .secrets(let collection): return listSecrets(collection, request)
        case .publicKey(let collection): return publicKey(of: collection)
        case .secret(let collection, let name):
            switch operation.method {
            case .put: return try putSecret(name, collection, request, at: now)
            case .delete: return try deleteSecret(name, collection)
            default: return Reply(json: try secret(name, collection).json(request, collection.listPath(self)))
            }
        case .variables(let place):
            if operation.method == .get { return listVariables(place, request) }
            return try createVariable(place, request, at: now)
        case .variable(let place, let name):
            switch operation.method {
            case .patch: return try changeVariable(name, place, request, at: now)
            case .delete: return try deleteVariable(name, place)
            default: return Reply(json: try variable(name, place).json(request, place))
            }
        case .selection(let selection, let repository):
            return try select(selection, repository, operation.method, request)
        }
    }

    /// One page of a list, with the links to the others (RFC 8288).
    func page(
        _ member: String, _ elements: [JSONValue], _ request: ParsedRequest, size: Int = 30, limit: Int = 100
    ) -> Reply {
        let page = request.page(size: size, limit: limit)
        let first = min(elements.count, (page.number - 1) * page.size)
        let last = max(1, (elements.count + page.size - 1) / page.size)
        let path = request.target.path.split(separator: "/").dropFirst().map { "/" + $0 }.joined()
        func link(_ number: Int, _ relation: String) -> String {
            "<\(request.base)\(path)?per_page=\(page.size)&page=\(number)>; rel=\"\(relation)\""
        }
        var links: [String] = []
        if page.number > 1 { links += [link(page.number - 1, "prev")] }
        if page.number < last { links += [link(page.number + 1, "next"), link(last, "last")] }
        if page.number > 1 { links += [link(1, "first")] }
        return Reply(
            json: .object([
                "total_count": .number(JSONNumber(elements.count)),
                member: .array(Array(elements[first...].prefix(page.size))),
            ]),
            headers: links.isEmpty ? [] : [("link", links.joined(separator: ", "))])
    }
}

extension GitHubSandbox {
    /// The one query that gh asks: aliases of `repository(owner: "O", name: "N") { databaseId }`.
    func graphql(_ request: ParsedRequest) throws(Refusal) -> JSONValue {
        let query = try Body(request.request.body).text("query") ?? ""
        var data: JSONObject = [:]
        var errors: [JSONValue] = []
        for part in query.split(separator: "}") {
            // ALIAS: repository(owner: "OWNER", name: "NAME") { …
            let pieces = part.split(separator: "\"", omittingEmptySubsequences: false)
            let words = pieces[0].split(whereSeparator: { " \t\n:{".contains($0) })
            guard pieces.count == 5, words.count >= 2, words.last == "repository(owner" else { continue }
            let name = "\(pieces[1])/\(pieces[3])"
            let alias = String(words[words.count - 2])
            if let repository = repository(named: name), request.token?.sees(repository) == true {
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
