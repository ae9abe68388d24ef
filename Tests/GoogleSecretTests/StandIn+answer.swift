import FoundationEssentials
import HTTP
import JSON
import SandboxWire
import Secrets
import Timestamps

extension StandIn {
    mutating func answer(_ request: HTTPRequest, at now: Date) -> HTTPResponse {
        guard request.authorization == .bearer(Secret(token)) else {
            return refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", at: now)
        }
        let target = RequestTarget(request)
        let path = Array(target.segments.drop { $0 == "v1" || $0 == "v2" })
        guard path.count >= 4, path[0] == "projects", path[1] == project else {
            return refusal(403, "PERMISSION_DENIED", "Permission denied on resource project.", at: now)
        }
        let body = request.body.flatMap { try? JSONValue(parsing: $0) }
        switch path[2] {
        case "secrets": return secret(request.method, Array(path.dropFirst(3)), body, at: now)
        case "locations" where path.count >= 6 && path[3] == region && path[4] == "services":
            guard let index = services.firstIndex(where: { $0.name == path[5] }) else {
                return refusal(404, "NOT_FOUND", "Resource 'projects/acme/\(path[5])' not found.", at: now)
            }
            return service(index, request.method, Array(path.dropFirst(6)), target, body, at: now)
        default: return refusal(404, "NOT_FOUND", "not found", at: now)
        }
    }

    private mutating func secret(
        _ method: HTTPRequest.Method, _ path: [String], _ body: JSONValue?, at now: Date
    ) -> HTTPResponse {
        let words = path[0].split(separator: ":", maxSplits: 1).map(String.init)
        let name = words[0]
        guard let versions = secrets[name] else {
            return refusal(
                404, "NOT_FOUND", "Secret [projects/1/secrets/\(name)] not found or has no versions.", at: now)
        }
        func version(_ number: Int, _ more: JSONObject) -> JSONValue {
            var shown = more
            shown["name"] = .string("projects/1/secrets/\(name)/versions/\(number)")
            return .object(shown)
        }
        switch (method, words.dropFirst().first, path.count) {
        case (.post, "addVersion", 1):
            guard mayWrite else { return denied("secretmanager.versions.add", at: now) }
            guard let text = body?["payload"]?["data"]?.string, let bytes = Data(base64Encoded: text) else {
                return refusal(400, "INVALID_ARGUMENT", "Invalid payload", at: now)
            }
            add(name, String(decoding: bytes, as: UTF8.self), at: now)
            return json(
                version(versions.count + 1, ["createTime": .string(now.rfc3339), "state": "ENABLED", "etag": "\"e\""]),
                at: now)
        case (.get, nil, 3) where path[1] == "versions" && path[2].hasSuffix(":access"):
            let word = String(path[2].dropLast(":access".count))
            let known = word == "latest" ? latest(versions) : Int(word) ?? 0
            if word == "latest", known < versions.count { lag -= 1 }
            guard versions.indices.contains(known - 1) else {
                return refusal(
                    404, "NOT_FOUND", "Secret [projects/1/secrets/\(name)] not found or has no versions.", at: now)
            }
            let shown = versions[known - 1]
            guard shown.state == "ENABLED" else {
                return refusal(400, "FAILED_PRECONDITION", "Secret Version is in DISABLED state.", at: now)
            }
            return json(
                version(known, ["payload": ["data": .string(Data(shown.value.utf8).base64EncodedString())]]), at: now)
        case (.get, nil, 3) where path[1] == "versions":
            guard maySeeVersions else { return denied("secretmanager.versions.get", at: now) }
            guard let number = Int(path[2]), versions.indices.contains(number - 1) else {
                return refusal(404, "NOT_FOUND", "Secret Version not found.", at: now)
            }
            let shown = versions[number - 1]
            return json(
                version(number, ["createTime": .string(shown.made.rfc3339), "state": .string(shown.state)]), at: now)
        default: return refusal(404, "NOT_FOUND", "not found", at: now)
        }
    }

    private mutating func service(
        _ index: Int, _ method: HTTPRequest.Method, _ path: [String], _ target: RequestTarget, _ body: JSONValue?,
        at now: Date
    ) -> HTTPResponse {
        switch (method, path.count) {
        case (.get, 0): return json(shown(services[index]), at: now)
        case (.get, 2) where path[0] == "revisions":
            guard let revision = services[index].revisions.first(where: { $0.name == path[1] }) else {
                return refusal(404, "NOT_FOUND", "Revision '\(path[1])' not found.", at: now)
            }
            let name = "\(full(services[index]))/revisions/\(revision.name)"
            return json(["name": .string(name), "createTime": .string(revision.made.rfc3339)], at: now)
        case (.patch, 0):
            guard mayDeploy else { return denied("run.services.update", at: now) }
            guard let template = body?["template"]?.object, target.value("updateMask") == "template" else {
                return refusal(400, "INVALID_ARGUMENT", "Invalid service", at: now)
            }
            guard body?["etag"]?.string == etag(services[index]) else {
                return refusal(409, "ABORTED", "Conflict for resource: version mismatch.", at: now)
            }
            let name = template["revision"]?.string
            if name != nil, services[index].revisions.contains(where: { $0.name == name }) {
                return refusal(409, "ALREADY_EXISTS", "Revision named '\(name ?? "")' already exists.", at: now)
            }
            let isSame = JSONValue.object(template) == .object(services[index].template)
            services[index].template = template
            services[index].generation += 1
            services[index].edition += 1
            if !isSame || target.value("forceNewRevision") == "true" { revise(index, at: now) }
            return json(
                [
                    "name": "projects/acme/locations/europe-west1/operations/op1", "done": .bool(isFast),
                    "metadata": ["@type": "type.googleapis.com/google.cloud.run.v2.Service"],
                ], at: now)
        default: return refusal(404, "NOT_FOUND", "not found", at: now)
        }
    }

    private func full(_ service: Service) -> String {
        "projects/\(project)/locations/\(region)/services/\(service.name)"
    }

    private func etag(_ service: Service) -> String { "\"CIjq\(service.edition)\"" }

    private func shown(_ service: Service) -> JSONValue {
        let latest = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", named = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
        let wishes: [JSONValue] =
            service.traffic?.map {
                ["type": .string(named), "revision": .string($0.revision), "percent": .number(JSONNumber($0.percent))]
            }
            ?? [["type": .string(latest), "percent": 100]]
        let statuses: [JSONValue] =
            service.traffic.map { _ in wishes }
            ?? [["type": .string(latest), "revision": .string(service.ready ?? ""), "percent": 100]]
        let state =
            service.isMoving ? "CONDITION_RECONCILING" : service.isFailed ? "CONDITION_FAILED" : "CONDITION_SUCCEEDED"
        var condition: JSONObject = ["type": "Ready", "state": .string(state)]
        if service.isFailed { condition["message"] = "The container failed to start and listen on PORT=8080." }
        var shown: JSONObject = [
            "name": .string(full(service)), "uid": "1", "generation": .string(String(service.generation)),
            "observedGeneration": .string(String(service.generation)), "etag": .string(etag(service)),
            "template": .object(service.template), "traffic": .array(wishes), "trafficStatuses": .array(statuses),
            "terminalCondition": .object(condition),
        ]
        if service.isMoving { shown["reconciling"] = true }
        if let ready = service.ready { shown["latestReadyRevision"] = .string("\(full(service))/revisions/\(ready)") }
        if let created = service.revisions.last?.name {
            shown["latestCreatedRevision"] = .string("\(full(service))/revisions/\(created)")
        }
        return .object(shown)
    }

    private func json(_ value: JSONValue, status: Int = 200, at now: Date) -> HTTPResponse {
        HTTPResponse(status, value, at: now)
    }

    private func denied(_ permission: String, at now: Date) -> HTTPResponse {
        refusal(
            403, "PERMISSION_DENIED", "Permission '\(permission)' denied on resource (or it may not exist).", at: now)
    }

    private func refusal(_ status: Int, _ reason: String, _ words: String, at now: Date) -> HTTPResponse {
        HTTPResponse(
            status,
            ["error": ["code": .number(JSONNumber(status)), "message": .string(words), "status": .string(reason)]],
            at: now)
    }
}
