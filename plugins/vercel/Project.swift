import JSON
import PublisherKit
import Secrets

/// A project, as far as what production runs is concerned.
struct Project {
    /// What was asked for last of production's domains: to go back to a deployment, or on to one.
    struct Move {
        let isRollback: Bool
        let target: ServiceID
        let requestedAt: Int
    }

    let id: ServiceID
    let name: String
    let names: ProjectNames
    /// What production serves; `nil` where nothing was deployed yet.
    let production: Deployment?
    /// `nil` where none is known, or it came to nothing.
    let move: Move?
    /// Whether a new deployment for production gets its domains by itself.
    let assignsDomains: Bool

    /// Throws where it is none by Vercel's published types.
    init(_ object: AnswerObject) throws(ServiceError) {
        guard let id = ServiceID(try object.string("id")) else { throw object.error("id", isNot: "an id") }
        self.id = id
        name = try object.string("name")
        var environments: [String: String] = [:]
        for environment in object["customEnvironments"]?.objects ?? [] {
            if let id = environment["id"]?.string { environments[id] = environment["slug"]?.string ?? id }
        }
        names = ProjectNames(customEnvironments: environments)
        let targets = try object.optional("targets", \.object, "an object") ?? [:]
        if let production = targets["production"], !production.isNull {
            self.production = try Deployment(object.fields("targets").fields("production"))
        } else {
            production = nil
        }
        move = Self.move(object["lastAliasRequest"])
        assignsDomains = object["autoAssignCustomDomains"] != false
    }

    private static func move(_ value: JSONValue?) -> Move? {
        guard let target = ServiceID(value?["toDeploymentId"]?.string), let moment = value?["requestedAt"]?.integer,
            !["failed", "skipped"].contains(value?["jobStatus"]?.string ?? "")
        else { return nil }
        return Move(isRollback: value?["type"] == "rollback", target: target, requestedAt: moment)
    }

    /// Whether somebody has gone back to what production serves, so that it stays until somebody goes on.
    var isRolledBack: Bool { move?.isRollback == true && move?.target == production?.id }
}

/// A deployment, as the project, the list and its own address show it.
struct Deployment {
    let id: ServiceID
    /// Vercel's clock, in milliseconds.
    let createdAt: Int
    let state: String
    /// Whether production's domains may lead to it, where Vercel tells.
    let isStaged: Bool
    /// Whether production's domains are just being led to it.
    let isUnderWay: Bool

    /// Throws where it is none by Vercel's published types.
    init(_ object: AnswerObject) throws(ServiceError) {
        guard let id = ServiceID(object["id"]?.string ?? object["uid"]?.string) else {
            throw object.error("id", isNot: "an id")
        }
        self.id = id
        guard let createdAt = object["createdAt"]?.integer ?? object["created"]?.integer else {
            throw object.error("createdAt", isNot: "a moment")
        }
        self.createdAt = createdAt
        let state = object["readyState"]?.string ?? object["state"]?.string ?? "of no state"
        self.state = DisplayText.line(state, limit: 20)
        let substate = object["readySubstate"]?.string
        isStaged = substate == "STAGED"
        isUnderWay = substate == "ROLLING" || object["aliasAssigned"] == false
    }

    var isReady: Bool { state == "READY" }

    var isFailed: Bool {
        ["ERROR", "CANCELED", "BLOCKED", "DELETED"].contains(state) || state.hasSuffix("_ERROR")
    }
}
