import FoundationEssentials
import HTTP
import JSON
import SandboxWire
import Secrets
import TestSupport

/// Vercel as far as its SDK's types and its own command line tell: one project of a team, its variables and deployments.
struct StandIn: ServiceSandbox {
    /// A variable's record.
    struct Record {
        let id: String
        let key: String
        var value: String
        var type = "encrypted"
        var target = ["production"]
        var gitBranch: String?
        var customEnvironmentIds: [String] = []
        var comment: String?
        var configurationId: String?
        let createdAt: Int
        var updatedAt: Int

        /// All but the value and the moment, which no write of ours may change.
        var shape: JSONValue {
            [
                "id": .string(id), "key": .string(key), "type": .string(type),
                "target": .array(target.map(JSONValue.string)),
                "gitBranch": gitBranch.map(JSONValue.string) ?? .null,
                "customEnvironmentIds": .array(customEnvironmentIds.map(JSONValue.string)),
                "comment": comment.map(JSONValue.string) ?? .null,
            ]
        }
    }

    struct Deployment {
        let id: String
        let createdAt: Int
        var state: String
        var isStaged = false
        /// The variables that it was made with, which it keeps.
        let variables: [String: String]
        let meta: JSONObject
    }

    struct Move {
        let type: String
        let from: String
        let to: String
        let requestedAt: Int
        var status = "succeeded"
    }

    let token = "vercel_token_0123456789abcdef"
    let team = (id: "team_1", slug: "acme")
    let project = (id: "prj_shop", name: "shop")
    let customEnvironments = ["env_staging": "staging"]
    var records: [Record] = []
    /// Of the team: names, and the environments of each.
    var shared: [(key: String, target: [String])] = []
    var deployments: [Deployment] = []
    /// The deployment that production's domains lead to.
    var production: String?
    var move: Move?
    var assignsDomains = true
    /// Whether a rollback keeps new deployments from production's domains.
    var isRolledBack = false
    var mayWrite = true
    var maySeeProduction = true
    var maySeeShared = true
    /// Whether a policy of the team asks for sensitive variables.
    var wantsSensitive = false
    /// Whether a project shows the newest good deployment as production's, whatever its domains lead to.
    var showsNewest = false
    var pageSize = 100
    /// That of the team's variables.
    var sharedPageSize = 25
    /// The state that a deployment begins in.
    var newState = "QUEUED"
    private var count = 0

    mutating func number() -> Int {
        count += 1
        return count
    }

    static func milliseconds(_ date: Date) -> Int { Int((date.timeIntervalSince1970 * 1000).rounded()) }

    @discardableResult
    mutating func add(
        _ key: String, _ value: String, type: String = "encrypted", target: [String] = ["production"],
        branch: String? = nil, custom: [String] = [], at now: Date
    ) -> String {
        let moment = Self.milliseconds(now)
        let id = "var\(number())"
        records.append(
            Record(
                id: id, key: key, value: value, type: type, target: target, gitBranch: branch,
                customEnvironmentIds: custom,
                createdAt: moment, updatedAt: moment))
        return id
    }

    mutating func set(_ id: String, _ value: String, at now: Date) {
        for index in records.indices where records[index].id == id {
            records[index].value = value
            records[index].updatedAt = Self.milliseconds(now)
        }
    }

    /// Makes a deployment for production with what its variables are now.
    @discardableResult
    mutating func deploy(at now: Date, meta: JSONObject = [:]) -> Deployment {
        let mine = records.filter { $0.target.contains("production") }
        let deployment = Deployment(
            id: "dpl_\(number())", createdAt: Self.milliseconds(now), state: newState,
            variables: Dictionary(mine.map { ($0.key, $0.value) }) { $1 }, meta: meta)
        deployments.append(deployment)
        if newState == "READY" { finish() }
        return deployments.first { $0.id == deployment.id } ?? deployment
    }

    /// Ends every deployment under way; one that is good gets production's domains, unless these stay where they are.
    mutating func finish(as state: String = "READY") {
        for index in deployments.indices where ["QUEUED", "BUILDING", "READY"].contains(deployments[index].state) {
            guard deployments[index].state != "READY" || deployments[index].id == deployments.last?.id else { continue }
            deployments[index].state = state
            guard state == "READY", !deployments[index].isStaged else { continue }
            if assignsDomains && !isRolledBack {
                production = deployments[index].id
            } else if production != deployments[index].id {
                deployments[index].isStaged = true
            }
        }
    }

    /// Leads production's domains to a deployment.
    mutating func lead(to id: String, as type: String, at now: Date) {
        move = Move(type: type, from: production ?? "", to: id, requestedAt: Self.milliseconds(now))
        production = id
        isRolledBack = type == "rollback"
        for index in deployments.indices where deployments[index].id == id { deployments[index].isStaged = false }
    }

    /// What production serves under a name.
    func served(_ key: String) -> String? { deployments.first { $0.id == production }?.variables[key] }
}
