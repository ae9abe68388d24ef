package import FoundationEssentials
package import HTTP
import JSON
import SandboxWire
package import Secrets
import Sodium

/// What a test, or somebody else who administers GitLab, does to the world without a request.
extension GitLabSandbox {
    /// Adds a project and the groups that it lies in, and returns its id; that of the one which is there already.
    @discardableResult
    package mutating func addProject(_ path: String, at now: Date = Date(timeIntervalSince1970: 1_767_225_600)) -> Int {
        add(.project, path, at: now)
    }

    /// Adds a group and those above it, and returns its id; that of the one which is there already.
    @discardableResult
    package mutating func addGroup(_ path: String, at now: Date = Date(timeIntervalSince1970: 1_767_225_600)) -> Int {
        add(.group, path, at: now)
    }

    /// Moves a project, which GitLab remembers.
    package mutating func moveProject(_ path: String, to newPath: String) {
        guard let index = index(of: .project(path)) else { return }
        containers[index].formerPaths.append(containers[index].path)
        containers[index].path = newPath
        if !containers[index].parent.isEmpty { addGroup(containers[index].parent, at: containers[index].createdAt) }
    }

    private mutating func add(_ kind: Container.Kind, _ path: String, at now: Date) -> Int {
        if let there = containers.first(where: { $0.kind == kind && $0.isAt(path) }) { return there.id }
        let container = Container(id: nextID(), kind: kind, path: path, createdAt: now)
        if !container.parent.isEmpty { addGroup(container.parent, at: now) }
        containers.append(container)
        return container.id
    }

    /// Makes a token. Roles are given by the path of a project or group, and hold for what lies below.
    package mutating func addToken(
        _ kind: Token.Kind = .personal, scopes: [String] = ["api"], roles: [String: Token.Role] = [:],
        isAdministrator: Bool = false, expiresAt: Date? = nil,
        at now: Date = Date(timeIntervalSince1970: 1_767_225_600)
    ) -> Secret {
        let secret = Secret(kind.prefix + random.hex(20))
        let id = nextID()
        tokens[Digest(of: secret)] = Token(
            id: id, kind: kind, scopes: scopes, roles: roles, isAdministrator: isAdministrator, createdAt: now,
            expiresAt: expiresAt)
        return secret
    }

    /// Revokes a token.
    package mutating func revoke(_ token: Secret) { tokens[Digest(of: token)]?.isRevoked = true }

    /// The variables of a place in the order of their creation; none if there is no such place.
    package func variables(of owner: VariableOwner) -> [Variable] {
        index(of: owner).map { containers[$0].variables } ?? []
    }

    /// Makes a variable, or gives the one of this key and scope another value and these flags.
    package mutating func setVariable(
        _ key: String, _ value: String, of owner: VariableOwner, kind: Variable.Kind = .environment,
        isProtected: Bool = false, isMasked: Bool = false, isHidden: Bool = false, isRaw: Bool = false,
        environmentScope: String = "*", description: String? = nil
    ) {
        guard let index = index(of: owner) else { return }
        let place = containers[index].variables.firstIndex {
            $0.key == key && $0.environmentScope == environmentScope
        }
        let id = place.map { containers[index].variables[$0].id } ?? nextID()
        let variable = Variable(
            id: id, key: key, value: Secret(value), kind: kind, isProtected: isProtected,
            isMasked: isMasked || isHidden,
            isHidden: isHidden, isRaw: isRaw, environmentScope: environmentScope, description: description)
        if let place {
            containers[index].variables[place] = variable
        } else {
            containers[index].variables.append(variable)
        }
    }

    /// Deletes a variable.
    package mutating func removeVariable(_ key: String, of owner: VariableOwner, environmentScope: String = "*") {
        guard let index = index(of: owner) else { return }
        containers[index].variables.removeAll { $0.key == key && $0.environmentScope == environmentScope }
    }

    func index(of owner: VariableOwner) -> Int? {
        switch owner {
        case .instance: 0
        case .project(let path): containers.firstIndex { $0.kind == .project && $0.isAt(path) }
        case .group(let path): containers.firstIndex { $0.kind == .group && $0.isAt(path) }
        }
    }
}

extension GitLabSandbox {
    /// Administration past the API: what is asked for under `/sandbox/gitlab`, without authentication.
    package mutating func control(_ request: HTTPRequest, at now: Date) -> HTTPResponse {
        let wish = (request.body.flatMap { try? JSONValue(parsing: $0) })?.object ?? [:]
        switch (request.method, RequestTarget(request, dropping: 2).segments.joined(separator: "/")) {
        case (.get, "variables"): return HTTPResponse(200, .array(allVariables), at: now)
        case (.get, "leaks"):
            let counts: JSONValue = [
                "values": .number(JSONNumber(leaks.values)), "tokens": .number(JSONNumber(leaks.tokens)),
            ]
            return HTTPResponse(200, counts, at: now)
        case (.post, "projects"):
            guard let path = wish["path"]?.string, path.contains("/") else {
                return refusal("path is missing", at: now)
            }
            return HTTPResponse(200, ["id": .number(JSONNumber(addProject(path, at: now)))], at: now)
        case (.post, "groups"):
            guard let path = wish["path"]?.string, !path.isEmpty else { return refusal("path is missing", at: now) }
            return HTTPResponse(200, ["id": .number(JSONNumber(addGroup(path, at: now)))], at: now)
        case (.post, "moves"):
            guard let path = wish["from"]?.string, let newPath = wish["to"]?.string, index(of: .project(path)) != nil
            else { return refusal("from and to are missing, or there is no such project", at: now) }
            moveProject(path, to: newPath)
            return HTTPResponse(200, [:], at: now)
        case (.post, "tokens"): return makeToken(wish, at: now)
        case (.post, "variables"): return setVariable(wish, at: now)
        case (.post, "settings"): return set(wish, at: now)
        default: return HTTPResponse(404, ["message": "no such control"], at: now)
        }
    }

    private func refusal(_ problem: String, at now: Date) -> HTTPResponse {
        HTTPResponse(400, ["message": .string(problem)], at: now)
    }

    private mutating func makeToken(_ wish: JSONObject, at now: Date) -> HTTPResponse {
        var roles: [String: Token.Role] = [:]
        for (path, level) in wish["roles"]?.object?.members ?? [] {
            guard let role = level.integer.flatMap(Token.Role.init) else {
                return refusal("a role is 10, 20, 30, 40 or 50", at: now)
            }
            roles[path] = role
        }
        guard let kind = Token.Kind(rawValue: wish["kind"]?.string ?? "personal") else {
            return refusal("kind is personal, project, group or job", at: now)
        }
        let scopes = wish["scopes"]?.array?.compactMap(\.string) ?? ["api"]
        let token = addToken(
            kind, scopes: scopes, roles: roles, isAdministrator: wish["administrator"] == true, at: now)
        return HTTPResponse(200, ["token": .string(token.revealed() ?? "")], at: now)
    }

    private mutating func setVariable(_ wish: JSONObject, at now: Date) -> HTTPResponse {
        let owner = wish["project"]?.string.map(VariableOwner.project) ?? wish["group"]?.string.map(VariableOwner.group)
        guard let key = wish["key"]?.string, let value = wish["value"]?.string, index(of: owner ?? .instance) != nil
        else { return refusal("key and value are missing, or there is no such project or group", at: now) }
        setVariable(
            key, value, of: owner ?? .instance, kind: wish["variable_type"] == "file" ? .file : .environment,
            isProtected: wish["protected"] == true, isMasked: wish["masked"] == true, isHidden: wish["hidden"] == true,
            isRaw: wish["raw"] == true, environmentScope: wish["environment_scope"]?.string ?? "*",
            description: wish["description"]?.string)
        return HTTPResponse(200, [:], at: now)
    }

    private mutating func set(_ wish: JSONObject, at now: Date) -> HTTPResponse {
        for (name, value) in wish.members {
            switch (name, value) {
            case ("request_limit", .null): requestLimit = nil
            case ("request_limit", .number(let limit)): requestLimit = limit.integer
            case ("premium", .bool(let premium)): self.premium = premium
            case ("version", .string(let version)): self.version = version
            default: return refusal("only request_limit, premium and version can be set", at: now)
            }
        }
        return HTTPResponse(200, [:], at: now)
    }

    /// Every variable that there is, its value as a digest.
    private var allVariables: [JSONValue] {
        containers.flatMap { container in
            let scope =
                switch container.kind {
                case .instance: "instance"
                case .group: "group:" + container.path
                case .project: "project:" + container.path
                }
            return container.variables.map { $0.truth(scope) }
        }
    }
}

extension Variable {
    fileprivate func truth(_ scope: String) -> JSONValue {
        [
            "scope": .string(scope), "key": .string(key), "environment_scope": .string(environmentScope),
            "digest": .string("sha256:" + Digest(of: value).hex), "protected": .bool(isProtected),
            "masked": .bool(isMasked), "hidden": .bool(isHidden), "raw": .bool(isRaw),
            "variable_type": .string(kind.rawValue), "description": description.map(JSONValue.string) ?? .null,
        ]
    }
}
