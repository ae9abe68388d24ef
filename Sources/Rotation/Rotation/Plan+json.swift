package import JSON
import PublisherHosting
import Secrets
import Timestamps

extension Plan {
    /// The plan in the form that `init(_:unknownKeys:)` reads, everything spelled out.
    package var json: JSONValue {
        var json: JSONObject = ["openrouter": service.json, "predecessor": predecessor.json]
        if let workspace { json["workspace"] = .string(workspace) }
        json["successor"] = successor.json
        json["publish"] = publish.json
        var targets: JSONObject = [:]
        for target in self.targets { targets[target.name.description] = target.json }
        json["targets"] = .object(targets)
        json["verify"] = verify.json
        json["retire"] = retire.json
        return .object(json)
    }
}

extension Plan.Service {
    fileprivate var json: JSONValue {
        var json: JSONObject = ["url": .string(url)]
        if let managementKey { json["management_key"] = ["env": .string(managementKey.description)] }
        return .object(json)
    }
}

extension Plan.Predecessor {
    fileprivate var json: JSONValue {
        switch self {
        case .name(let name): ["name": .string(name)]
        case .hash(let hash): ["hash": .string(hash.description)]
        case .environment(let name): ["env": .string(name.description)]
        case .none: "none"
        }
    }
}

extension Plan.Inherited {
    fileprivate func json(_ write: (Value) -> JSONValue) -> JSONValue {
        switch self {
        case .inherit: "inherit"
        case .set(let value): write(value)
        }
    }
}

extension Plan.Successor {
    fileprivate var json: JSONValue {
        var json: JSONObject = [:]
        if let name { json["name"] = .string(name) }
        json["limit"] = limit.json { $0.map { .string($0.description) } ?? .null }
        json["limit_reset"] = limitReset.json { $0.map { .string($0.rawValue) } ?? .null }
        json["include_byok_in_limit"] = includeBYOKInLimit.json { .bool($0) }
        json["expires_in"] = expiresIn.json { $0.map { .string($0.description) } ?? .null }
        return .object(json)
    }
}

extension Plan.PublishRules {
    fileprivate var json: JSONValue {
        var json: JSONObject = [
            "settle": .string(settle.description), "publish_by": .string(publishBy.description),
        ]
        if let inference { json["inference"] = .string(inference) }
        return .object(json)
    }
}

extension Plan.Target {
    /// The target as it stands in a plan, without its name.
    package var json: JSONValue {
        var json: JSONObject = ["publisher": .string(publisher.description), "wave": .number(JSONNumber(wave))]
        if !environment.isEmpty { json["env"] = Plan.json(environment) }
        json["with"] = .object(with)
        if let pin { json["sha256"] = .string(pin.hex) }
        return .object(json)
    }
}

extension Plan {
    fileprivate static func json(_ environment: [EnvironmentName: EnvironmentName]) -> JSONValue {
        var json: JSONObject = [:]
        for (name, source) in environment.sorted(by: { $0.key < $1.key }) {
            json[name.description] = .string(source.description)
        }
        return .object(json)
    }
}

extension Plan.Probe {
    fileprivate var json: JSONValue {
        switch self {
        case .http(let url, let expect):
            ["http": ["url": .string(url), "expect": .array(expect.map { .number(JSONNumber($0)) })]]
        case .command(let arguments, let environment, let timeout):
            [
                "command": [
                    "run": .array(arguments.map { .string($0) }), "env": Plan.json(environment),
                    "timeout": .string(timeout.description),
                ]
            ]
        }
    }
}

extension Plan.VerifyRules {
    fileprivate var json: JSONValue {
        [
            "valid_for": .string(validFor.description), "probes": .array(probes.map(\.json)),
            "require_adoption": .bool(requiresAdoption),
        ]
    }
}

extension Plan.RetireRules {
    /// The rules as they stand in a plan.
    package var json: JSONValue {
        [
            "overlap": .string(overlap.description), "quiet_for": .string(quietFor.description),
            "soak": .string(soak.description), "accept_cost_only": .bool(acceptsCostOnly),
            "accept_idle": .bool(acceptsIdle),
        ]
    }
}
