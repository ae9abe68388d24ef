package import FoundationEssentials
import HTTP
package import JSON
package import SandboxWire
package import Secrets
import Sodium

/// Vercel as far as its SDK's types and its own command line tell, as a value: one project of a team, its variables and
/// deployments. Copying it copies the world.
package struct VercelSandbox: Sendable {
    /// A variable's record.
    package struct Record: Sendable {
        package let id: String
        package let key: String
        package var value: String
        package var type = "encrypted"
        package var target = ["production"]
        package var gitBranch: String?
        package var customEnvironmentIds: [String] = []
        package var comment: String?
        package var configurationId: String?
        package let createdAt: Int
        package var updatedAt: Int

        /// All but the value and the moment, which no write of ours may change.
        package var shape: JSONValue {
            [
                "id": .string(id), "key": .string(key), "type": .string(type),
                "target": .array(target.map(JSONValue.string)),
                "gitBranch": gitBranch.map(JSONValue.string) ?? .null,
                "customEnvironmentIds": .array(customEnvironmentIds.map(JSONValue.string)),
                "comment": comment.map(JSONValue.string) ?? .null,
            ]
        }
    }

    /// A deployment of production.
    package struct Deployment: Sendable {
        package let id: String
        package let createdAt: Int
        package var state: String
        /// Whether production's domains are kept from it.
        package var isStaged = false
        /// The variables that it was made with, which it keeps.
        package let variables: [String: String]
        package let meta: JSONObject
    }

    /// How production's domains were last led to another deployment by hand.
    package struct Move: Sendable {
        package let type: String
        package let from: String
        package let to: String
        package let requestedAt: Int
        package var status = "succeeded"
    }

    /// A token that may do everything.
    package let token: Secret
    package let team = (id: "team_1", slug: "acme")
    package let project = (id: "prj_shop", name: "shop")
    /// The project's own environments, by id.
    package let customEnvironments = ["env_staging": "staging"]
    package var records: [Record] = []
    /// Of the team: names, and the environments of each.
    package var shared: [(key: String, target: [String])] = []
    /// The oldest first.
    package var deployments: [Deployment] = []
    /// The deployment that production's domains lead to.
    package var production: String?
    package var move: Move?
    package var assignsDomains = true
    /// Whether a rollback keeps new deployments from production's domains.
    package var isRolledBack = false
    package var mayWrite = true
    package var maySeeProduction = true
    package var maySeeShared = true
    /// Whether a policy of the team asks for sensitive variables.
    package var wantsSensitive = false
    /// Whether a project shows the newest good deployment as production's, whatever its domains lead to.
    package var showsNewest = false
    package var pageSize = 100
    /// That of the team's variables.
    package var sharedPageSize = 25
    /// The state that a deployment begins in.
    package var newState = "QUEUED"
    /// How many requests held a value or the token in their address, where it ends in logs.
    package internal(set) var leaks = 0
    private var count = 0

    /// A project with nothing in it.
    package init(_ randomness: Randomness = .seeded(0)) {
        var random = randomness
        token = Secret("vercel_" + random.hex(24))
    }

    mutating func number() -> Int {
        count += 1
        return count
    }

    /// A moment as Vercel writes it.
    package static func milliseconds(_ date: Date) -> Int { Int((date.timeIntervalSince1970 * 1000).rounded()) }

    /// Makes a record and returns its id.
    @discardableResult
    package mutating func add(
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

    /// Gives a record another value.
    package mutating func set(_ id: String, _ value: String, at now: Date) {
        for index in records.indices where records[index].id == id {
            records[index].value = value
            records[index].updatedAt = Self.milliseconds(now)
        }
    }

    /// Makes a deployment for production with what its variables are now.
    @discardableResult
    package mutating func deploy(at now: Date, meta: JSONObject = [:]) -> Deployment {
        let mine = records.filter { $0.target.contains("production") }
        let deployment = Deployment(
            id: "dpl_\(number())", createdAt: Self.milliseconds(now), state: newState,
            variables: Dictionary(mine.map { ($0.key, $0.value) }) { $1 }, meta: meta)
        deployments.append(deployment)
        if newState == "READY" { finish() }
        return deployments.first { $0.id == deployment.id } ?? deployment
    }

    /// Ends every deployment under way; one that is good gets production's domains, unless these stay where they are.
    package mutating func finish(as state: String = "READY") {
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
    package mutating func lead(to id: String, as type: String, at now: Date) {
        move = Move(type: type, from: production ?? "", to: id, requestedAt: Self.milliseconds(now))
        production = id
        isRolledBack = type == "rollback"
        for index in deployments.indices where deployments[index].id == id { deployments[index].isStaged = false }
    }

    /// What production serves under a name.
    package func served(_ key: String) -> String? { deployments.first { $0.id == production }?.variables[key] }
}
