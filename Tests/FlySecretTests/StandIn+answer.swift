import FoundationEssentials
import HTTP
import JSON
import SandboxWire
import Secrets
import Timestamps

extension StandIn {
    mutating func answer(_ request: HTTPRequest, at now: Date) -> HTTPResponse {
        let target = RequestTarget(request)
        let isKnown =
            request.authorization == .bearer(Secret(token))
            || request.authorization == .scheme("FlyV1", Secret("fm2_\(token)"))
        guard isKnown else { return refusal(401, "unauthenticated", at: now) }
        let path = Array(target.segments.drop { $0 == "v1" })
        guard path.count >= 3, path[0] == "apps", path[1] == app else {
            return refusal(404, "app not found", at: now)
        }
        if request.method != .get, !mayWrite { return refusal(403, "token lacks permission for this app", at: now) }
        let body = request.body.flatMap { try? JSONValue(parsing: $0) }
        switch (request.method, path[2], path.count) {
        case (.get, "secrets", 3):
            return json(["secrets": .array(secrets.sorted { $0.key < $1.key }.map(shown))], at: now)
        case (.post, "secrets", 4):
            guard let value = body?["value"]?.string else { return refusal(400, "invalid value", at: now) }
            set(path[3], value, at: now)
            var made = secrets[path[3]].map { shown((path[3], $0)) }?.object ?? [:]
            made["version"] = .number(JSONNumber(version))
            return json(.object(made), status: 201, at: now)
        case (.get, "machines", 3): return json(.array(machines.map(shown)), at: now)
        case (_, "machines", 4...):
            guard let index = machines.firstIndex(where: { $0.id == path[3] }) else {
                return refusal(404, "machine not found", at: now)
            }
            let nonce = request.headers.first { $0.name.lowercased() == "fly-machine-lease-nonce" }?.value
            return machine(index, request.method, Array(path.dropFirst(4)), body, nonce: nonce, at: now)
        default: return refusal(404, "not found", at: now)
        }
    }

    private mutating func machine(
        _ index: Int, _ method: HTTPRequest.Method, _ path: [String], _ body: JSONValue?, nonce: String?, at now: Date
    ) -> HTTPResponse {
        if let lease = machines[index].lease, lease.end <= now { machines[index].lease = nil }
        let isSomebodys = leasedBySomebody.map { $0 > now } ?? false
        switch (method, path) {
        case (.get, []):
            if let state = machines[index].coming.first {
                machines[index].coming.removeFirst()
                machines[index].state = state
                machines[index].check = machines[index].check == nil ? nil : state == "started" ? check : "critical"
            }
            return json(shown(machines[index]), at: now)
        case (.post, []):
            guard !isSomebodys, machines[index].lease.map({ $0.nonce == nonce }) ?? true else {
                return refusal(409, "machine is leased", at: now)
            }
            return update(index, body, at: now)
        case (.post, ["lease"]):
            guard !isSomebodys, machines[index].lease.map({ $0.nonce == nonce }) ?? true else {
                return refusal(409, "lease currently held by ada@acme.example", at: now)
            }
            let lease = ("nonce\(number())", now.addingTimeInterval(Double(body?["ttl"]?.integer ?? 0)))
            machines[index].lease = lease
            let shown: JSONValue = [
                "nonce": .string(lease.0), "expires_at": .number(JSONNumber(Int(lease.1.timeIntervalSince1970))),
                "owner": "ork", "description": body?["description"] ?? "", "version": .string(machines[index].version),
            ]
            return json(wrapsLeases ? ["status": "success", "data": shown] : shown, status: 201, at: now)
        case (.delete, ["lease"]):
            guard machines[index].lease?.nonce == nonce else { return refusal(404, "lease not found", at: now) }
            machines[index].lease = nil
            return HTTPResponse(200, [:], at: now)
        default: return refusal(404, "not found", at: now)
        }
    }

    private mutating func update(_ index: Int, _ body: JSONValue?, at now: Date) -> HTTPResponse {
        guard let config = body?["config"]?.object, body?["min_secrets_version"]?.integer ?? 0 <= version else {
            return refusal(400, "invalid config", at: now)
        }
        if let expected = body?["current_version"]?.string, expected != machines[index].version {
            return refusal(409, "machine version does not match", at: now)
        }
        machines[index].version = newVersion()
        machines[index].config = config
        machines[index].secrets = secrets.mapValues(\.value)
        machines[index].isCordoned = body?["skip_service_registration"] == true
        let states = body?["skip_launch"] == true ? ["stopped"] : launching
        machines[index].state = states[0]
        machines[index].coming = Array(states.dropFirst())
        if states == ["started"] { machines[index].check = machines[index].check == nil ? nil : check }
        return json(shown(machines[index]), at: now)
    }

    private func shown(_ secret: (key: String, value: Item)) -> JSONValue {
        [
            "name": .string(secret.key), "digest": .string(secret.value.digest),
            "created_at": .string(secret.value.createdAt.rfc3339),
            "updated_at": .string(secret.value.updatedAt.rfc3339),
        ]
    }

    private func shown(_ machine: Machine) -> JSONValue {
        let isWhole = machine.hostStatus == "ok"
        var shown: JSONObject = [
            "id": .string(machine.id), "name": .string("name-\(machine.id)"), "state": .string(machine.state),
            "region": "fra", "version": .string(machine.version), "instance_id": .string(machine.version),
            "created_at": .string(machine.createdAt.rfc3339), "updated_at": .string(machine.createdAt.rfc3339),
            "host_status": .string(machine.hostStatus), "cordoned": .bool(machine.isCordoned),
            isWhole ? "config" : "incomplete_config": .object(machine.config),
        ]
        if let check = machine.check {
            shown["checks"] = [["name": "alive", "status": .string(check), "output": "tcp"]]
        }
        return .object(shown)
    }

    private func json(_ value: JSONValue, status: Int = 200, at now: Date) -> HTTPResponse {
        HTTPResponse(status, value, at: now)
    }

    private func refusal(_ status: Int, _ words: String, at now: Date) -> HTTPResponse {
        HTTPResponse(status, ["error": .string(words)], at: now)
    }
}
