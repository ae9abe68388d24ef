package import FoundationEssentials
package import HTTP
import JSON
import SandboxWire
package import Secrets
import Sodium
import Timestamps

extension GitHubSandbox {
    /// Administration past the API: what is asked for under `/sandbox/github`, without authentication.
    package mutating func control(_ request: HTTPRequest, at now: Date) -> HTTPResponse {
        let path = RequestTarget(request, dropping: 2).segments.joined(separator: "/")
        do throws(Refusal) {
            let json: JSONValue
            switch (request.method, path) {
            case (.get, "secrets"): json = .array(secretsTruth)
            case (.get, "variables"): json = .array(variablesTruth)
            case (.post, "repositories"): json = try addRepository(Body(request.body), at: now)
            case (.post, "renames"): json = try rename(Body(request.body))
            case (.post, "tokens"): json = try addToken(Body(request.body))
            case (.post, "limits"): json = try limit(Body(request.body))
            case (.post, "public-keys"):
                replacePublicKeys()
                json = [:]
            default: throw Refusal(404, "no such control")
            }
            return HTTPResponse(200, json, at: now)
        } catch {
            return HTTPResponse(error.status, ["message": .string(error.message)], at: now)
        }
    }

    private mutating func addRepository(_ body: Body, at now: Date) throws(Refusal) -> JSONValue {
        guard let name = try body.text("name"), name.split(separator: "/").count == 2 else {
            throw Refusal(400, "name must be OWNER/NAME")
        }
        let environments = try body["environments"].map { value throws(Refusal) in try Self.texts(value) } ?? []
        let isPrivate = body["private"]?.bool ?? true
        let id = addRepository(name, environments: environments, isPrivate: isPrivate, at: now)
        return ["id": .number(JSONNumber(id))]
    }

    private mutating func rename(_ body: Body) throws(Refusal) -> JSONValue {
        guard let from = try body.text("from"), let to = try body.text("to"), repository(named: from) != nil else {
            throw Refusal(400, "from must be a repository, and to its new OWNER/NAME")
        }
        renameRepository(from, to: to)
        return [:]
    }

    private mutating func limit(_ body: Body) throws(Refusal) -> JSONValue {
        guard let limit = body["primary"]?.integer, limit >= 0 else {
            throw Refusal(400, "primary must be a number of requests an hour")
        }
        primaryLimit = limit
        return [:]
    }

    private mutating func addToken(_ body: Body) throws(Refusal) -> JSONValue {
        let repositories = try body["repositories"].map { value throws(Refusal) in Set(try Self.texts(value)) }
        let kind: Token.Kind
        switch try body.text("kind") {
        case "classic": kind = .classic(scopes: Set(try Self.texts(body["scopes"] ?? [])))
        case "fine-grained": kind = .fineGrained(try Self.permissions(body), repositories: repositories)
        case "installation": kind = .installation(try Self.permissions(body), repositories: repositories)
        case "actions":
            guard let repository = try body.text("repository") else {
                throw Refusal(400, "repository must be OWNER/NAME")
            }
            kind = .actions(repository: repository)
        default: throw Refusal(400, "kind must be classic, fine-grained, installation or actions")
        }
        return ["token": .string(addToken(kind).revealed() ?? "")]
    }

    private static func permissions(_ body: Body) throws(Refusal) -> [Permission: Access] {
        var permissions: [Permission: Access] = [:]
        for (name, value) in body["permissions"]?.object?.members ?? [] {
            guard let permission = Permission(rawValue: name), let access = value.string.flatMap(Access.init) else {
                throw Refusal(400, "permissions must map GitHub's names to read or write")
            }
            permissions[permission] = access
        }
        return permissions
    }

    private static func texts(_ value: JSONValue) throws(Refusal) -> [String] {
        guard let texts = value.array?.compactMap(\.string), texts.count == value.array?.count else {
            throw Refusal(400, "a list of texts was expected")
        }
        return texts
    }

    private var secretsTruth: [JSONValue] {
        let all = secrets.flatMap { collection, secrets in secrets.values.map { (collection, $0) } }
        let rows: [(String, JSONValue)] = all.map { collection, secret in
            let scope = scope(collection.place).description
            let row: JSONValue = [
                "store": .string(collection.store.rawValue), "scope": .string(scope), "name": .string(secret.name),
                "digest": secret.plaintext.map { .string(Digest(of: $0).description) } ?? nil,
                "encrypted_value": .string(secret.encryptedValue),
                "private_key": .string(Data(secret.keyPair.secretKey.copyBytes()).base64EncodedString()),
                "visibility": secret.visibility.map { .string($0.rawValue) } ?? nil,
                "selected": .array(secret.selected.map { .number(JSONNumber($0)) }),
                "created_at": .string(secret.createdAt.rfc3339), "updated_at": .string(secret.updatedAt.rfc3339),
            ]
            return ("\(collection.store.rawValue) \(scope) \(secret.name)", row)
        }
        return rows.sorted { $0.0 < $1.0 }.map(\.1)
    }

    private var variablesTruth: [JSONValue] {
        let all = variables.flatMap { place, variables in variables.values.map { (scope(place).description, $0) } }
        return all.sorted { ($0.0, $0.1.name) < ($1.0, $1.1.name) }.map { scope, variable in
            [
                "scope": .string(scope), "name": .string(variable.name), "value": .string(variable.value),
                "visibility": variable.visibility.map { .string($0.rawValue) } ?? nil,
                "selected": .array(variable.selected.map { .number(JSONNumber($0)) }),
                "created_at": .string(variable.createdAt.rfc3339), "updated_at": .string(variable.updatedAt.rfc3339),
            ]
        }
    }
}

/// What a test reads past the API.
extension GitHubSandbox {
    /// What was sealed and opened again; `nil` if there is no such secret, or if its box does not open.
    package func plaintext(store: SecretStore = .actions, scope: Scope, name: String) -> Secret? {
        stored(store: store, scope: scope, name: name)?.plaintext
    }

    /// A secret as it is stored.
    package func stored(store: SecretStore = .actions, scope: Scope, name: String) -> StoredSecret? {
        place(scope).flatMap { secrets[SecretCollection(store: store, place: $0)]?[name.uppercased()] }
    }

    /// A variable as it is stored.
    package func variable(scope: Scope, name: String) -> StoredVariable? {
        place(scope).flatMap { variables[$0]?[name.uppercased()] }
    }

    func place(_ scope: Scope) -> Place? {
        switch scope {
        case .organisation(let name): organisations[name.lowercased()] == nil ? nil : .organisation(name.lowercased())
        case .repository(let name): repository(named: name).map { .repository($0.id) }
        case .environment(let name, let owner):
            repository(named: owner).flatMap { repository in
                repository.environment(name).map { .environment(repository.id, $0.name) }
            }
        }
    }

    func scope(_ place: Place) -> Scope {
        switch place {
        case .organisation(let name): .organisation(organisations[name]?.login ?? name)
        case .repository(let id): .repository(repository(id)?.fullName ?? "")
        case .environment(let id, let name): .environment(name, of: repository(id)?.fullName ?? "")
        }
    }
}
