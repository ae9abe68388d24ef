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
        guard call.target.segments == ["v1", "projects", "shop", "secrets"] else { return nil }
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
