import HTTP
import JSON
import SandboxWire
import Timestamps

extension Kind {
    /// By the models of PyPI's `render` 1.5.0.
    func render(_ call: Call, _ platform: inout Platform) -> HTTPResponse? {
        let path = call.target.segments
        guard path.count >= 4, path[..<3] == ["v1", "services", "srv-web"] else { return nil }
        switch (call.method, path[3], path.count) {
        case (.get, "env-vars", 5):
            return platform.variables[path[4]].map { call.json(200, variable(path[4], $0.value)) }
        case (.get, "env-vars", 4):
            let list = platform.variables.sorted { $0.key < $1.key }.map { name, held -> JSONValue in
                ["envVar": variable(name, held.value), "cursor": .string(name)]
            }
            return call.json(200, .array(list))
        case (.put, "env-vars", 5):
            guard let value = call.body?["value"]?.string else { return refusal(400, at: call.now) }
            platform.set(path[4], value, at: call.now)
            return call.json(200, variable(path[4], value))
        case (.post, "deploys", 4):
            guard call.body == ["deployMode": "deploy_only"] else { return refusal(400, at: call.now) }
            return call.json(201, deployment(platform.deploy(at: call.now)))
        case (.get, "deploys", 4):
            let list = platform.deployments.reversed().map { deployed -> JSONValue in
                ["deploy": deployment(deployed), "cursor": .string(deployed.id)]
            }
            return call.json(200, .array(Array(list.prefix(Int(call.target.value("limit") ?? "20") ?? 20))))
        case (.get, "deploys", 5):
            return platform.deployments.first { $0.id == path[4] }.map { call.json(200, deployment($0)) }
        default: return nil
        }
    }

    private func variable(_ name: String, _ value: String) -> JSONValue {
        ["key": .string(name), "value": .string(value)]
    }

    private func deployment(_ deployed: Platform.Deployment) -> JSONValue {
        [
            "id": .string(deployed.id), "status": .string(deployed.state),
            "createdAt": .string(deployed.created.rfc3339),
            "updatedAt": .string(deployed.created.rfc3339), "trigger": "api",
        ]
    }
}
