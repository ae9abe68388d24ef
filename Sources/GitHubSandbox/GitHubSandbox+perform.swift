import FoundationEssentials
import HTTP
import JSON
import SandboxWire

extension GitHubSandbox {
    /// Does what was asked for, by somebody who may.
    mutating func perform(_ operation: Operation, _ asked: Asked, at now: Date) throws(Refusal) -> Reply {
        if case .environment(let id, let name)? = operation.place, repository(id)?.environment(name) == nil {
            throw .notFound
        }
        switch operation.resource {
        case .user: return Reply(json: userJSON(asked))
        case .rateLimit: return Reply(json: rateLimits(asked, at: now))
        case .graphql: return Reply(json: try graphql(asked))
        case .organisation: return Reply(json: try organisationJSON(asked.target.segments[1], asked))
        case .repository(let id): return Reply(json: try repositoryJSON(id, asked))
        case .environments(let id): return try environments(of: id, asked)
        case .environment(let id, let name): return Reply(json: try environmentJSON(name, of: id, asked))
        case .secrets(let shelf): return listSecrets(shelf, asked)
        case .publicKey(let shelf): return publicKey(of: shelf)
        case .secret(let shelf, let name):
            switch operation.method {
            case .put: return try putSecret(name, shelf, asked, at: now)
            case .delete: return try deleteSecret(name, shelf)
            default: return Reply(json: try secret(name, shelf).json(asked, shelf.listPath(self)))
            }
        case .variables(let place):
            if operation.method == .get { return listVariables(place, asked) }
            return try createVariable(place, asked, at: now)
        case .variable(let place, let name):
            switch operation.method {
            case .patch: return try changeVariable(name, place, asked, at: now)
            case .delete: return try deleteVariable(name, place)
            default: return Reply(json: try variable(name, place).json(asked, place))
            }
        case .selection(let selection, let repository):
            return try select(selection, repository, operation.method, asked)
        }
    }

    /// One page of a list, with the links to the others (RFC 8288).
    func page(
        _ member: String, _ elements: [JSONValue], _ asked: Asked, size: Int = 30, limit: Int = 100
    ) -> Reply {
        let page = asked.page(size: size, limit: limit)
        let first = min(elements.count, (page.number - 1) * page.size)
        let last = max(1, (elements.count + page.size - 1) / page.size)
        let path = asked.target.path.split(separator: "/").dropFirst().map { "/" + $0 }.joined()
        func link(_ number: Int, _ relation: String) -> String {
            "<\(asked.base)\(path)?per_page=\(page.size)&page=\(number)>; rel=\"\(relation)\""
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
