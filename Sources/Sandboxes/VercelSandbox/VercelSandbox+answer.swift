package import FoundationEssentials
package import HTTP
import JSON
import SandboxWire
import Secrets

extension VercelSandbox {
    /// Answers what is asked of the API, at its own address or under `/vercel`.
    package mutating func answer(_ request: HTTPRequest, at now: Date) -> HTTPResponse {
        let secrets = records.map(\.value) + [token.revealed() ?? ""]
        if secrets.contains(where: { $0.utf8.count >= 8 && request.url.description.contains($0) }) { leaks += 1 }
        let isBelow = RequestTarget(request).segments.first == "vercel"
        let target = RequestTarget(request, dropping: isBelow ? 1 : 0)
        guard case .bearer(token)? = request.authorization else {
            return refusal(403, "forbidden", "Not authorized", more: ["invalidToken": true], at: now)
        }
        var path = target.segments
        // The command line asks for some things without a version.
        if path.first.map({ $0.count > 1 && $0.hasPrefix("v") && $0.dropFirst().allSatisfy(\.isNumber) }) == true {
            path.removeFirst()
        }
        let isWrite = request.method != .get
        if isWrite, !mayWrite { return refusal(403, "forbidden", "You don't have permission to do this", at: now) }
        let body = request.body.flatMap { try? JSONValue(parsing: $0) }
        if isWrite, body?.object == nil { return refusal(400, "bad_request", "Invalid JSON", at: now) }
        let isTeam = target.value("teamId") == team.id || target.value("slug") == team.slug
        switch (request.method, path.first, path.count) {
        case (.get, "teams", 1...2):
            let team: JSONValue = ["id": .string(team.id), "slug": .string(team.slug), "name": "Acme"]
            return json(path.count == 2 ? team : ["teams": [team], "pagination": ["count": 1, "next": nil]], at: now)
        case (.get, "user", 1):
            let user: JSONValue = [
                "id": "usr_1", "uid": "usr_1", "username": "ada", "email": "ada@acme.example", "version": "northstar",
                "defaultTeamId": .string(team.id),
            ]
            return json(["user": user], at: now)
        case (.get, "env", 1) where isTeam: return sharedVariables(target, at: now)
        case (_, "env", 3...4) where isTeam && path[1] == "pull" && path[2] == project.id: return pull(path, at: now)
        case (_, "deployments", _) where isTeam: return deployments(request.method, path, target, body, at: now)
        case (_, "projects", 2...) where isTeam && [project.id, project.name].contains(path[1]):
            return project(request.method, Array(path.dropFirst(2)), target, body, at: now)
        case (_, "projects", 2...): return refusal(404, "not_found", "Project not found.", at: now)
        default: return refusal(404, "not_found", "Not found", at: now)
        }
    }

    private mutating func project(
        _ method: HTTPRequest.Method, _ path: [String], _ target: RequestTarget, _ body: JSONValue?, at now: Date
    ) -> HTTPResponse {
        switch (method, path.first, path.count) {
        case (.get, nil, _): return json(shown(withMove: target.value("rollbackInfo") == "true"), at: now)
        case (.get, "custom-environments", 1):
            return json(
                ["environments": .array(customEnvironments.map { ["id": .string($0), "slug": .string($1)] })], at: now)
        case (.get, "env", 1): return list(target, at: now)
        case (.post, "env", 1): return make(body ?? [:], at: now)
        case (.get, "env", 2), (.patch, "env", 2):
            guard let index = records.firstIndex(where: { $0.id == path[1] }) else {
                return refusal(404, "not_found", "Environment variable not found", at: now)
            }
            if method == .patch { change(index, body ?? [:], at: now) }
            return json(shown(records[index], isDecrypted: method == .get), at: now)
        case (.post, "rollback", 2), (.post, "promote", 2):
            guard deployments.contains(where: { $0.id == path[1] }) else {
                return refusal(404, "not_found", "Deployment not found", at: now)
            }
            lead(to: path[1], as: path[0], at: now)
            return json([:], status: 201, at: now)
        default: return refusal(404, "not_found", "Not found", at: now)
        }
    }

    // MARK: Variables

    private func list(_ target: RequestTarget, at now: Date) -> HTTPResponse {
        let wanted = target.value("target") ?? target.value("customEnvironmentId")
        let hidden = maySeeProduction ? 0 : records.count { $0.target.contains("production") }
        var seen = records.filter { maySeeProduction || !$0.target.contains("production") }
        if let wanted { seen = seen.filter { $0.target.contains(wanted) || $0.customEnvironmentIds.contains(wanted) } }
        // Pages go back in time; the moments of this stand-in are its records' numbers.
        seen.reverse()
        let from = target.value("until").flatMap { Int($0) } ?? 0
        let page = seen.dropFirst(from).prefix(pageSize)
        let next = from + page.count < seen.count ? JSONValue.number(JSONNumber(from + page.count)) : .null
        var answer: JSONObject = [
            "envs": .array(page.map { shown($0, isDecrypted: false) }),
            "pagination": ["count": .number(JSONNumber(page.count)), "next": next, "prev": .null],
        ]
        if hidden > 0 { answer["hiddenProductionEnvCount"] = .number(JSONNumber(hidden)) }
        return json(.object(answer), at: now)
    }

    private mutating func make(_ body: JSONValue, at now: Date) -> HTTPResponse {
        guard let key = body["key"]?.string, let value = body["value"]?.string, let type = body["type"]?.string else {
            return refusal(400, "bad_request", "Invalid request", at: now)
        }
        let target = body["target"]?.strings ?? body["target"]?.string.map { [$0] } ?? []
        let custom = body["customEnvironmentIds"]?.strings ?? []
        let branch = body["gitBranch"]?.string
        guard !target.isEmpty || !custom.isEmpty, custom.allSatisfy({ customEnvironments[$0] != nil }) else {
            return refusal(400, "MISSING_TARGET", "target is missing", at: now)
        }
        if wantsSensitive, type != "sensitive" {
            return refusal(400, "bad_request", "Your team requires sensitive variables", at: now)
        }
        if type == "sensitive", target.contains("development") {
            return refusal(400, "bad_request", "sensitive is not allowed for development", at: now)
        }
        if branch != nil, target != ["preview"] {
            return refusal(400, "bad_request", "gitBranch needs preview", at: now)
        }
        let twin = records.first {
            $0.key == key && $0.gitBranch == branch
                && ($0.target.contains(where: target.contains)
                    || $0.customEnvironmentIds.contains(where: custom.contains))
        }
        guard twin == nil else {
            return refusal(403, "ENV_ALREADY_EXISTS", "A variable with the name already exists", at: now)
        }
        let id = add(key, value, type: type, target: target, branch: branch, custom: custom, at: now)
        let record = records.first { $0.id == id }
        return json(
            ["created": record.map { shown($0, isDecrypted: false) } ?? .null, "failed": []], status: 201, at: now)
    }

    /// Does whatever the body says, as Vercel does: a body that says more than the value shows in the record's shape.
    private mutating func change(_ index: Int, _ body: JSONValue, at now: Date) {
        if let value = body["value"]?.string { records[index].value = value }
        if let type = body["type"]?.string { records[index].type = type }
        if let target = body["target"]?.strings { records[index].target = target }
        if let custom = body["customEnvironmentIds"]?.strings { records[index].customEnvironmentIds = custom }
        if let comment = body["comment"]?.string { records[index].comment = comment }
        if let branch = body["gitBranch"] { records[index].gitBranch = branch.string }
        records[index].updatedAt = Self.milliseconds(now)
    }

    private func shown(_ record: Record, isDecrypted: Bool) -> JSONValue {
        var shown = record.shape.object ?? [:]
        shown["createdAt"] = .number(JSONNumber(record.createdAt))
        shown["updatedAt"] = .number(JSONNumber(record.updatedAt))
        shown["configurationId"] = record.configurationId.map(JSONValue.string) ?? .null
        let isReadable = record.type == "plain" || record.type == "encrypted" && isDecrypted
        shown["value"] = isReadable ? .string(record.value) : record.type == "encrypted" ? "eyJ2IjoidjIifQ==" : ""
        shown["decrypted"] = .bool(isReadable)
        return .object(shown)
    }

    /// What `vercel env pull` gets; what is sensitive is empty.
    private func pull(_ path: [String], at now: Date) -> HTTPResponse {
        let target = path.count > 3 ? path[3] : "development"
        var values: JSONObject = [:]
        for record in records where record.target.contains(target) && record.gitBranch == nil {
            values[record.key] = record.type == "sensitive" ? "" : .string(record.value)
        }
        return json(["env": .object(values), "buildEnv": [:]], at: now)
    }

    private func sharedVariables(_ target: RequestTarget, at now: Date) -> HTTPResponse {
        guard maySeeShared else { return refusal(403, "forbidden", "No access", at: now) }
        let data = shared.filter { target.value("search").map($0.key.contains) ?? true }.map { variable -> JSONValue in
            [
                "id": "env_shared", "key": .string(variable.key), "projectId": [.string(project.id)],
                "target": .array(variable.target.map(JSONValue.string)),
            ]
        }
        // Pages go back in time: the newest of these has the highest number.
        let end = min(target.value("until").flatMap { Int($0) } ?? data.count, data.count)
        let start = max(0, end - sharedPageSize)
        let next = start > 0 ? JSONValue.number(JSONNumber(start)) : .null
        let pagination: JSONValue = ["count": .number(JSONNumber(end - start)), "next": next, "prev": nil]
        return json(["data": .array(Array(data[start..<end])), "pagination": pagination], at: now)
    }

    // MARK: Deployments

    private func shown(withMove: Bool) -> JSONValue {
        var shown: JSONObject = [
            "id": .string(project.id), "name": .string(project.name), "accountId": .string(team.id), "createdAt": 1,
            "updatedAt": 1, "autoAssignCustomDomains": .bool(assignsDomains), "targets": [:],
            "customEnvironments": .array(customEnvironments.map { ["id": .string($0), "slug": .string($1)] }),
        ]
        let serving = showsNewest ? deployments.last { $0.state == "READY" }?.id : production
        if let production = deployments.first(where: { $0.id == serving }) {
            shown["targets"] = ["production": self.shown(production)]
        }
        if withMove, let move {
            shown["lastAliasRequest"] = [
                "type": .string(move.type), "fromDeploymentId": .string(move.from), "toDeploymentId": .string(move.to),
                "requestedAt": .number(JSONNumber(move.requestedAt)), "jobStatus": .string(move.status),
            ]
        }
        return .object(shown)
    }

    private func shown(_ deployment: Deployment) -> JSONValue {
        var shown: JSONObject = [
            "id": .string(deployment.id), "uid": .string(deployment.id), "name": .string(project.name),
            "url": .string("\(deployment.id).vercel.example"), "target": "production", "type": "LAMBDAS",
            "projectId": .string(project.id), "createdAt": .number(JSONNumber(deployment.createdAt)),
            "created": .number(JSONNumber(deployment.createdAt)), "readyState": .string(deployment.state),
            "state": .string(deployment.state), "status": .string(deployment.state), "meta": .object(deployment.meta),
            "ownerId": .string(team.id), "team": ["id": .string(team.id), "slug": .string(team.slug), "name": "Acme"],
            "creator": ["uid": "usr_1", "username": "ada"], "alias": [],
            "inspectorUrl": "https://vercel.example/inspect", "aliasAssigned": .bool(production == deployment.id),
        ]
        if deployment.state == "READY" { shown["readySubstate"] = deployment.isStaged ? "STAGED" : "PROMOTED" }
        return .object(shown)
    }

    private mutating func deployments(
        _ method: HTTPRequest.Method, _ path: [String], _ target: RequestTarget, _ body: JSONValue?, at now: Date
    ) -> HTTPResponse {
        switch (method, path.count) {
        case (.get, 1):
            let list = deployments.reversed().prefix(Int(target.value("limit") ?? "20") ?? 20).map { shown($0) }
            let isOurs = target.value("projectId") == project.id
            return json(
                ["deployments": isOurs ? .array(Array(list)) : [], "pagination": ["count": 1, "next": nil]], at: now)
        case (.get, 2):
            guard
                let deployment = deployments.first(where: { $0.id == path[1] || $0.id + ".vercel.example" == path[1] })
            else { return refusal(404, "not_found", "Deployment not found", at: now) }
            return json(shown(deployment), at: now)
        case (.post, 1):
            guard let source = body?["deploymentId"]?.string, deployments.contains(where: { $0.id == source }),
                body?["name"]?.string == project.name, body?["target"]?.string == "production"
            else { return refusal(400, "bad_request", "Invalid deployment", at: now) }
            return json(shown(deploy(at: now, meta: body?["meta"]?.object ?? [:])), at: now)
        default: return refusal(404, "not_found", "Not found", at: now)
        }
    }

    private func json(_ value: JSONValue, status: Int = 200, at now: Date) -> HTTPResponse {
        HTTPResponse(status, value, at: now)
    }

    private func refusal(
        _ status: Int, _ code: String, _ message: String, more: JSONObject = [:], at now: Date
    ) -> HTTPResponse {
        var error: JSONObject = ["code": .string(code), "message": .string(message)]
        for (key, value) in more.members { error[key] = value }
        return HTTPResponse(status, ["error": .object(error)], at: now)
    }
}
