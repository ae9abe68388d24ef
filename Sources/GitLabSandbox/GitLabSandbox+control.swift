package import FoundationEssentials
package import HTTP
import JSON
import SandboxWire
import Secrets
import Sodium

extension GitLabSandbox {
    /// Another administrator's hand: what is asked for under `/sandbox/gitlab`, without authentication.
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
