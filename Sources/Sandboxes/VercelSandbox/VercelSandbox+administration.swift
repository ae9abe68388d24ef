package import FoundationEssentials
package import HTTP
import JSON
import SandboxWire
import Secrets
import Sodium

extension VercelSandbox {
    /// Administration past the API: what is asked for under `/sandbox/vercel`, without authentication.
    package mutating func control(_ request: HTTPRequest, at now: Date) -> HTTPResponse {
        let wish = (request.body.flatMap { try? JSONValue(parsing: $0) })?.object ?? [:]
        switch (request.method, RequestTarget(request, dropping: 2).segments.joined(separator: "/")) {
        case (.get, "variables"): return HTTPResponse(200, .array(records.map(\.truth)), at: now)
        case (.get, "deployments"): return HTTPResponse(200, .array(deployments.map(truth)), at: now)
        case (.get, "leaks"): return HTTPResponse(200, .number(JSONNumber(leaks)), at: now)
        case (.post, "variables"):
            guard let key = wish["key"]?.string, let value = wish["value"]?.string else {
                return refusal("key and value are missing", at: now)
            }
            let target = wish["target"]?.strings ?? ["production"]
            let id = add(key, value, type: wish["type"]?.string ?? "encrypted", target: target, at: now)
            return HTTPResponse(200, ["id": .string(id)], at: now)
        case (.post, "deployments"): return HTTPResponse(200, ["id": .string(deploy(at: now).id)], at: now)
        case (.post, "endings"):
            guard let state = wish["state"]?.string, ["READY", "ERROR", "CANCELED"].contains(state) else {
                return refusal("state is READY, ERROR or CANCELED", at: now)
            }
            finish(as: state)
            return HTTPResponse(200, [:], at: now)
        case (.post, "moves"):
            guard let type = wish["type"]?.string, ["rollback", "promote"].contains(type),
                let id = wish["to"]?.string, deployments.contains(where: { $0.id == id })
            else { return refusal("type is rollback or promote, and to is a deployment's id", at: now) }
            lead(to: id, as: type, at: now)
            return HTTPResponse(200, [:], at: now)
        default: return HTTPResponse(404, ["message": "no such control"], at: now)
        }
    }

    private func refusal(_ problem: String, at now: Date) -> HTTPResponse {
        HTTPResponse(400, ["message": .string(problem)], at: now)
    }

    private func truth(_ deployment: Deployment) -> JSONValue {
        var digests: JSONObject = [:]
        for (key, value) in deployment.variables.sorted(by: { $0.key < $1.key }) { digests[key] = .digest(value) }
        return [
            "id": .string(deployment.id), "state": .string(deployment.state), "digests": .object(digests),
            "serves": .bool(production == deployment.id),
        ]
    }
}

extension VercelSandbox.Record {
    fileprivate var truth: JSONValue {
        [
            "id": .string(id), "key": .string(key), "target": .string(target.joined(separator: ",")),
            "type": .string(type), "digest": .digest(value),
        ]
    }
}

extension JSONValue {
    fileprivate static func digest(_ value: String) -> JSONValue {
        .string("sha256:" + Digest(of: Secret(value)).hex)
    }
}
