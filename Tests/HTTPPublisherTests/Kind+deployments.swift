import FoundationEssentials
import HTTP
import JSON
import SandboxWire
import Timestamps

// Services that deploy by themselves, or start anew.
extension Kind {
    /// By Cloudflare's API reference: the last stage of a deployment tells its state.
    func pages(_ call: Call, _ platform: inout Platform) -> HTTPResponse? {
        let path = call.target.segments
        guard path.starts(with: ["client", "v4", "accounts", "acc", "pages", "projects", "shop"]) else { return nil }
        func answer(_ result: JSONValue) -> HTTPResponse {
            call.json(200, ["success": true, "errors": [], "messages": [], "result": result])
        }
        func deployment(_ deployed: Platform.Deployment) -> JSONValue {
            let words = deployed.state.split(separator: " ").map(String.init)
            return [
                "id": .string(deployed.id), "created_on": .string(deployed.created.rfc3339),
                "latest_stage": [
                    "name": .string(words.count == 2 ? words[0] : "build"),
                    "status": .string(words.count == 2 ? words[1] : "active"),
                ],
            ]
        }
        switch (call.method, path.dropFirst(7)) {
        case (.get, []), (.patch, []):
            let configs = call.body?["deployment_configs"]?["production"]?["env_vars"]?.object?.members ?? []
            for (name, variable) in configs {
                guard let value = variable["value"]?.string, variable["type"] == "secret_text" else {
                    return refusal(400, at: call.now)
                }
                platform.set(name, value, at: call.now)
            }
            var variables = JSONObject()
            for (name, _) in platform.sorted { variables[name] = ["type": "secret_text", "value": ""] }
            return answer([
                "name": "shop", "deployment_configs": ["production": ["env_vars": .object(variables)]],
                "canonical_deployment": platform.served.map(deployment) ?? .null,
            ])
        case (.post, ["deployments"]): return answer(deployment(platform.deploy(at: call.now)))
        case (.get, ["deployments"]):
            return answer(.array(platform.deployments.reversed().prefix(1).map(deployment)))
        case (.get, let rest) where rest.count == 2 && rest.first == "deployments":
            return platform.deployments.first { $0.id == rest.last }.map { answer(deployment($0)) }
        default: return nil
        }
    }

    /// By `schema.json` of heroku/platform-api: each change of config vars is a release.
    func heroku(_ call: Call, _ platform: inout Platform) -> HTTPResponse? {
        guard call.target.segments.starts(with: ["apps", "shop"]) else { return nil }
        switch (call.method, call.target.segments.dropFirst(2)) {
        case (.get, []): return call.json(200, ["id": "app-1", "name": "shop"])
        case (.get, ["config-vars"]): return call.json(200, .object(platform.values))
        case (.patch, ["config-vars"]):
            // The release is made before the answer is.
            _ = platform.deploy(at: call.now)
            for (name, value) in call.body?.object?.members ?? [] {
                guard let value = value.string else { return refusal(422, at: call.now) }
                platform.set(name, value, at: call.now)
            }
            return call.json(200, .object(platform.values))
        case (.get, ["releases"]):
            guard call.range == "version ..; order=desc,max=1" else { return refusal(416, at: call.now) }
            let releases = platform.deployments.suffix(1).map { release -> JSONValue in
                [
                    "version": 7, "status": .string(release.state == "created" ? "pending" : release.state),
                    "created_at": .string(release.created.rfc3339),
                ]
            }
            return call.json(206, .array(releases))
        default: return nil
        }
    }

    /// By `src/gql` of railwayapp/cli: a change deploys what uses it.
    func railway(_ call: Call, _ platform: inout Platform) -> HTTPResponse? {
        guard call.target.path == "/graphql/v2", call.method == .post, let query = call.body?["query"]?.string,
            let variables = call.body?["variables"]
        else { return nil }
        let input = variables["input"] ?? variables
        guard input["projectId"] == "p1", input["environmentId"] == "e1", input["serviceId"] == "s1" else {
            return refusal(404, at: call.now)
        }
        if query.contains("variableUpsert(input: $input)"), let name = input["name"]?.string,
            let value = input["value"]?.string
        {
            platform.set(name, value, at: call.now)
            _ = platform.deploy(at: call.now)
            return call.json(200, ["data": ["variableUpsert": true]])
        }
        if query.contains("variables(") { return call.json(200, ["data": ["variables": .object(platform.values)]]) }
        let edges = platform.deployments.suffix(1).map { deployment -> JSONValue in
            let state = deployment.state == "created" ? "BUILDING" : deployment.state
            return [
                "node": [
                    "id": .string(deployment.id), "status": .string(state),
                    "createdAt": .string(deployment.created.rfc3339),
                ]
            ]
        }
        return call.json(200, ["data": ["deployments": ["edges": .array(edges)]]])
    }

    /// By PyPI's `huggingface-hub` 2.4.0.
    func huggingFace(_ call: Call, _ platform: inout Platform) -> HTTPResponse? {
        guard call.target.segments.starts(with: ["api", "spaces", "acme", "shop"]) else { return nil }
        switch (call.method, call.target.segments.dropFirst(4)) {
        case (.get, ["secrets"]):
            var secrets: JSONObject = [:]
            for (name, held) in platform.sorted {
                secrets[name] = ["key": .string(name), "description": "", "updatedAt": held.moment]
            }
            return call.json(200, .object(secrets))
        case (.post, ["secrets"]):
            guard let name = call.body?["key"]?.string, let value = call.body?["value"]?.string else {
                return refusal(400, at: call.now)
            }
            platform.set(name, value, at: call.now)
            return call.json(200, [:])
        case (.post, ["restart"]):
            _ = platform.deploy(at: call.now)
            return call.json(200, ["stage": "RUNNING_APP_STARTING"])
        case (.get, ["runtime"]):
            let state = platform.deployments.last?.state ?? "RUNNING"
            return call.json(200, ["stage": .string(state == "created" ? "RUNNING_APP_STARTING" : state)])
        default: return nil
        }
    }
}
