import FoundationEssentials
import HTTP
import JSON
import SandboxWire
import Secrets
import Sodium
import Timestamps

// Services that only keep variables.
extension Kind {
    /// By the recorded answers and the generated client of supabase/cli.
    func supabase(_ call: Call, _ platform: inout Platform) -> HTTPResponse? {
        guard call.target.segments == ["v1", "projects", "abcdefghijklmnopqrst", "secrets"] else { return nil }
        if call.method == .get {
            let list = platform.sorted.map { name, held -> JSONValue in
                [
                    "name": .string(name), "value": .string(Digest(of: Secret(held.value)).hex),
                    "updated_at": held.moment,
                ]
            }
            return call.json(200, .array(list))
        }
        guard let entries = call.body?.objects, call.method == .post else { return refusal(400, at: call.now) }
        for entry in entries {
            guard let name = entry["name"]?.string, let value = entry["value"]?.string else {
                return refusal(400, at: call.now)
            }
            platform.set(name, value, at: call.now)
        }
        return call.json(201, nil)
    }

    /// By `deployment-openapi.json` of get-convex/convex-backend.
    func convex(_ call: Call, _ platform: inout Platform) -> HTTPResponse? {
        guard call.host == "happy-otter-1.convex.cloud" else { return nil }
        switch (call.method, call.target.path) {
        case (.get, "/api/v1/list_environment_variables"):
            return call.json(200, ["environmentVariables": .object(platform.values)])
        case (.post, "/api/v1/update_environment_variables"):
            for change in call.body?["changes"]?.array ?? [] {
                guard let name = change["name"]?.string, let value = change["value"]?.string else {
                    return refusal(400, at: call.now)
                }
                platform.set(name, value, at: call.now)
            }
            return call.json(200, nil)
        default: return nil
        }
    }

    /// By the source of DopplerHQ/cli.
    func doppler(_ call: Call, _ platform: inout Platform) -> HTTPResponse? {
        let project = call.body?["project"]?.string ?? call.target.value("project")
        let config = call.body?["config"]?.string ?? call.target.value("config")
        guard project == "shop", config == "prd", call.target.path == "/v3/configs/config/secrets" else { return nil }
        for (name, value) in call.body?["secrets"]?.object?.members ?? [] {
            guard let value = value.string else { return refusal(400, at: call.now) }
            platform.set(name, value, at: call.now)
        }
        let wanted = call.target.value("secrets")?.split(separator: ",").map(String.init)
        var secrets: JSONObject = [:]
        for (name, held) in platform.sorted where wanted?.contains(name) ?? true {
            let value = JSONValue.string(held.value)
            secrets[name] = [
                "raw": value, "computed": value, "note": "", "rawVisibility": "masked", "computedVisibility": "masked",
                "rawValueType": ["type": "string"], "computedValueType": ["type": "string"],
            ]
        }
        return call.json(200, ["secrets": .object(secrets), "success": true])
    }

    /// By superfly/fly-go (`flaps`). Which function the digest is of, nobody says.
    func fly(_ call: Call, _ platform: inout Platform) -> HTTPResponse? {
        let path = call.target.segments
        guard path.count >= 4, path[..<4] == ["v1", "apps", "shop", "secrets"] else { return nil }
        func digest(_ value: String) -> JSONValue { .string(String(Digest(of: Secret("salt" + value)).hex.prefix(16))) }
        if call.method == .get, path.count == 4 {
            let list = platform.sorted.map { name, held -> JSONValue in
                ["name": .string(name), "digest": digest(held.value), "updated_at": held.moment]
            }
            return call.json(200, ["secrets": .array(list)])
        }
        guard call.method == .post, path.count == 5, let value = call.body?["value"]?.string else { return nil }
        platform.set(path[4], value, at: call.now)
        return call.json(200, ["name": .string(path[4]), "digest": digest(value), "version": 7])
    }

    /// By Google's discovery document of `secretmanager` v1: a secret is there, with or without a version.
    func google(_ call: Call, _ platform: inout Platform) -> HTTPResponse? {
        let path = call.target.path
        let prefix = "/v1/projects/shop/secrets/"
        guard path.hasPrefix(prefix) else { return nil }
        let rest = String(path.dropFirst(prefix.count))
        if call.method == .get, rest.hasSuffix("/versions/latest:access") {
            let name = String(rest.dropLast("/versions/latest:access".count))
            guard let held = platform.variables[name] else { return nil }
            let data = Data(held.value.utf8).base64EncodedString()
            let version = "projects/1/secrets/\(name)/versions/3"
            return call.json(200, ["name": .string(version), "payload": ["data": .string(data), "dataCrc32c": "1"]])
        }
        guard call.method == .post, rest.hasSuffix(":addVersion") else { return nil }
        let name = String(rest.dropLast(":addVersion".count))
        guard let text = call.body?["payload"]?["data"]?.string, let data = Data(base64Encoded: text) else {
            return refusal(400, at: call.now)
        }
        platform.set(name, String(decoding: data, as: UTF8.self), at: call.now)
        return call.json(
            200, ["name": .string("projects/1/secrets/\(name)/versions/4"), "state": "ENABLED", "etag": "e"])
    }

    /// By `swagger.yml` of netlify/open-api 2.55.0. Each variable has a value for local development, too.
    func netlify(_ call: Call, _ platform: inout Platform) -> HTTPResponse? {
        let path = call.target.segments
        guard path.count >= 4, path[..<2] == ["api", "v1"] else { return nil }
        if path[2...3] == ["sites", "s1"] { return netlifyDeploys(call, path, &platform) }
        guard path.count == 6, path[2...4] == ["accounts", "acme", "env"], call.target.value("site_id") == "s1" else {
            return nil
        }
        if call.method == .patch {
            guard let value = call.body?["value"]?.string, call.body?["context"] == "production" else {
                return refusal(422, at: call.now)
            }
            platform.set(path[5], value, at: call.now)
        } else if call.method != .get {
            return nil
        }
        var values: [JSONValue] = [["id": "v0", "context": "dev", "value": "local"]]
        if let held = platform.variables[path[5]] {
            values.append(["id": "v1", "context": "production", "value": .string(held.value)])
        }
        return call.json(
            call.method == .get ? 200 : 201,
            ["key": .string(path[5]), "scopes": ["builds"], "values": .array(values), "is_secret": false])
    }

    private func netlifyDeploys(_ call: Call, _ path: [String], _ platform: inout Platform) -> HTTPResponse? {
        func deploy(_ deployed: Platform.Deployment) -> JSONValue {
            [
                "id": .string(deployed.id), "state": .string(deployed.state),
                "created_at": .string(deployed.created.rfc3339),
            ]
        }
        switch (call.method, path.dropFirst(4).first, path.count) {
        case (.post, "builds", 5):
            let deployed = platform.deploy(at: call.now)
            return call.json(200, ["id": "build", "deploy_id": .string(deployed.id), "done": false])
        case (.get, nil, 4):
            return call.json(200, ["id": "s1", "published_deploy": platform.served.map(deploy) ?? .null])
        case (.get, "deploys", 5): return call.json(200, .array(platform.deployments.reversed().prefix(1).map(deploy)))
        case (.get, "deploys", 6):
            return platform.deployments.first { $0.id == path[5] }.map { call.json(200, deploy($0)) }
        default: return nil
        }
    }

    /// By PyPI's `cloudflare` 5.9.0.
    func cloudflare(_ call: Call, _ platform: inout Platform) -> HTTPResponse? {
        guard call.target.path == "/client/v4/accounts/acc/workers/scripts/shop/secrets" else { return nil }
        func answer(_ result: JSONValue) -> HTTPResponse {
            call.json(200, ["success": true, "errors": [], "messages": [], "result": result])
        }
        func secret(_ name: String) -> JSONValue { ["name": .string(name), "type": "secret_text"] }
        if call.method == .get { return answer(.array(platform.sorted.map { secret($0.key) })) }
        guard call.method == .put, let name = call.body?["name"]?.string, let value = call.body?["text"]?.string,
            call.body?["type"] == "secret_text"
        else { return refusal(400, at: call.now) }
        platform.set(name, value, at: call.now)
        return answer(secret(name))
    }
}
