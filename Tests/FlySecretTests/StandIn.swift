import FoundationEssentials
import HTTP
import JSON
import SandboxWire
import Secrets
import TestSupport

/// Fly.io as far as the published OpenAPI of its Machines API and its own command line tell: one app, its secrets and machines.
struct StandIn: ServiceSandbox {
    struct Item {
        var value: String
        var digest: String
        let createdAt: Date
        var updatedAt: Date
    }

    struct Machine {
        let id: String
        /// Another with each update.
        var version: String
        var state = "started"
        let createdAt: Date
        var config: JSONObject
        var hostStatus = "ok"
        var isCordoned = false
        /// The secrets that it was made with, which it keeps.
        var secrets: [String: String]
        /// The states that it goes through, one each time that somebody looks.
        var coming: [String] = []
        var check: String?
        var lease: (nonce: String, end: Date)?
    }

    let token = "fly_token_0123456789abcdef"
    let app = "shop"
    var secrets: [String: Item] = [:]
    var machines: [Machine] = []
    /// The version of the app's secrets.
    var version = 4
    var mayWrite = true
    /// What a machine that is launched goes through after its update.
    var launching = ["replacing", "starting", "started"]
    /// What its check says then.
    var check: String? = "passing"
    /// Who deploys, and until when.
    var leasedBySomebody: Date?
    /// Whether leases are as Fly's own client reads them, and not as the published document has it.
    var wrapsLeases = false
    private var count = 0

    mutating func number() -> Int {
        count += 1
        return count
    }

    /// 26 characters that grow with each version.
    mutating func newVersion() -> String {
        let text = String(number())
        return "01K" + String(repeating: "0", count: 23 - text.count) + text
    }

    mutating func set(_ name: String, _ value: String, at now: Date) {
        version += 1
        secrets[name] = Item(
            value: value, digest: Self.digest(value), createdAt: secrets[name]?.createdAt ?? now, updatedAt: now)
    }

    /// A function that nobody knows.
    static func digest(_ value: String) -> String {
        let hash = value.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }

    @discardableResult
    mutating func add(
        _ id: String, state: String = "started", group: String = "app", check: String? = "passing",
        config more: JSONObject = [:], at now: Date
    ) -> String {
        var config: JSONObject = [
            "image": "registry.fly.io/shop:deployment-01", "env": ["PORT": "8080"],
            "guest": ["cpu_kind": "shared", "cpus": 1, "memory_mb": 256],
            "metadata": ["fly_process_group": .string(group), "fly_platform_version": "v2"],
        ]
        if check != nil { config["checks"] = ["alive": ["type": "tcp", "port": 8080, "interval": "15s"]] }
        for (key, value) in more.members { config[key] = value }
        machines.append(
            Machine(
                id: id, version: newVersion(), state: state, createdAt: now, config: config,
                secrets: secrets.mapValues(\.value), check: check))
        return id
    }

    /// What a machine runs with under a name.
    func served(_ name: String, on id: String) -> String? { machines.first { $0.id == id }?.secrets[name] }
}
