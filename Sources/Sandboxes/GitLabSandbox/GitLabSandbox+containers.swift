import FoundationEssentials
import HTTP
import JSON
import SandboxWire

extension GitLabSandbox {
    /// The project or group that the path names by number or by path, if the one who asks may see it.
    func index(_ question: Question) throws(APIError) -> Int {
        let (kind, noun) =
            question.target.segments[0] == "projects" ? (Container.Kind.project, "Project") : (.group, "Group")
        let name = question.target.segments[1]
        let isNumber = Int(name) != nil
        guard
            let index = containers.firstIndex(where: {
                $0.kind == kind && (isNumber ? String($0.id) == name : $0.isAt(name))
            })
                ?? (kind == .project ? movedIndex(name) : nil), question.token.sees(containers[index])
        else { throw .notFound(noun) }
        guard !isNumber, !containers[index].isAt(name) else { return index }
        // lib/api/helpers.rb, find_project!
        guard question.request.method == .get else {
            throw APIError(405, "Non GET methods are not allowed for moved projects")
        }
        let rest = question.target.segments.dropFirst(2).map { "/" + HTTPURL.encode($0) }.joined()
        let location = base(of: question.request) + "/api/v4/projects/\(containers[index].id)" + rest
        throw APIError(
            301, body: nil, text: "This resource has been moved permanently to \(location)",
            headers: [("location", location)])
    }

    private func movedIndex(_ path: String) -> Int? {
        containers.firstIndex { $0.formerPaths.contains { $0.lowercased() == path.lowercased() } }
    }

    /// The address of this GitLab, as the client writes it.
    func base(of request: HTTPRequest) -> String { origin(of: request) + "/gitlab" }

    /// The scheme, host and port that the client used.
    func origin(of request: HTTPRequest) -> String {
        if let host = request.header("host") { return "http://" + host }
        let text = request.url.description
        guard let start = text.firstRange(of: "://") else { return text }
        return String(text[..<start.upperBound]) + text[start.upperBound...].prefix { $0 != "/" }
    }

    /// What `GET /projects/:id` and `GET /groups/:id` show, as far as a publisher looks at it.
    func container(_ index: Int, for token: Token, _ request: HTTPRequest) -> JSONValue {
        let container = containers[index]
        let base = base(of: request)
        let parent = containers.first { $0.kind == .group && $0.isAt(container.parent) }
        let parentID: JSONValue = parent.map { .number(JSONNumber($0.id)) } ?? .null
        var object: JSONObject = [
            "id": .number(JSONNumber(container.id)), "name": .string(container.slug), "path": .string(container.slug),
            "description": nil, "created_at": .string(container.createdAt.gitLabTime), "visibility": "private",
        ]
        guard container.kind == .project else {
            object["web_url"] = .string("\(base)/groups/\(container.path)")
            object["full_name"] = .string(container.path.split(separator: "/").joined(separator: " / "))
            object["full_path"] = .string(container.path)
            object["parent_id"] = parentID
            return .object(object)
        }
        object["path_with_namespace"] = .string(container.path)
        object["name_with_namespace"] = .string(container.path.split(separator: "/").joined(separator: " / "))
        object["default_branch"] = "main"
        object["archived"] = false
        object["web_url"] = .string("\(base)/\(container.path)")
        object["http_url_to_repo"] = .string("\(base)/\(container.path).git")
        if let parent {
            object["namespace"] = [
                "id": parentID, "name": .string(parent.slug), "path": .string(parent.slug), "kind": "group",
                "full_path": .string(parent.path), "web_url": .string("\(base)/groups/\(parent.path)"),
            ]
        }
        func access(_ level: Token.Role?) -> JSONValue {
            level.map { ["access_level": .number(JSONNumber($0.rawValue)), "notification_level": 3] } ?? .null
        }
        object["permissions"] = [
            "project_access": access(token.roles[container.path]),
            "group_access": access(parent.flatMap { token.isAdministrator ? nil : token.role(in: $0) }),
        ]
        return .object(object)
    }

    /// What a client asks before it begins: who it is, what its token may do, and which GitLab this is.
    func about(_ question: Question) throws(APIError) -> Answer {
        let token = question.token
        let enterprise: JSONValue = ["version": .string(version), "revision": "0123456789a"]
        switch question.target.segments[0] {
        case "version": return Answer(status: 200, body: enterprise)
        case "metadata":
            return Answer(
                status: 200,
                body: [
                    "version": .string(version), "revision": "0123456789a", "enterprise": true,
                    "kas": ["enabled": false, "externalUrl": nil, "externalK8sProxyUrl": nil, "version": nil],
                ])
        case "user":
            var user: JSONObject = [
                "id": .number(JSONNumber(token.id)), "username": .string(token.username),
                "name": .string(token.username), "state": "active", "locked": false, "avatar_url": nil,
                "web_url": .string("\(base(of: question.request))/\(token.username)"),
                "created_at": .string(token.createdAt.gitLabTime),
                "bot": .bool(token.kind == .project || token.kind == .group),
            ]
            if token.isAdministrator { user["is_admin"] = true }
            return Answer(status: 200, body: .object(user))
        default: return Answer(status: 200, body: token.json(at: question.now))
        }
    }
}
