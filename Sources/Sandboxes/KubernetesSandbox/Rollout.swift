import FoundationEssentials
import JSON
import Timestamps

/// How far a workload is with its pods, which only the time since its last restart tells.
struct Rollout {
    var beganAt: Date
    var pods: Int
    /// How many there were.
    var number = 0
    /// The step beyond which it does not go.
    var limit: Int?
    /// Whether it exceeds its deadline.
    var fails = false

    /// Step 0: not observed yet. Then one pod after another is new, then the last old one goes, then the last
    /// new one becomes available.
    func step(at now: Date, pace: Double) -> Int {
        let passed = pace > 0 ? now.timeIntervalSince(beganAt) / pace : .infinity
        let step = passed > Double(pods + 3) ? pods + 3 : Int(passed.rounded(.down))
        return min(max(step, 0), limit ?? .max)
    }
}

extension KubernetesSandbox {
    /// Does what the controllers would have done until now.
    mutating func advance(to now: Date) {
        for key in rollouts.keys.sorted(by: { ($0.namespace, $0.name) < ($1.namespace, $1.name) }) {
            settle(key, at: now)
        }
    }

    /// Brings one workload's status up to date.
    mutating func settle(_ key: ObjectKey, at now: Date) {
        guard let rollout = rollouts[key], var object = objects[key] else { return }
        let step = rollout.step(at: now, pace: pace)
        guard step > 0 || object["status"] == nil else { return }
        let status = Self.status(key.resource, object, rollout, step: max(step, 1))
        guard object["status"] != .object(status) else { return }
        object["status"] = .object(status)
        object[object: "metadata"]["resourceVersion"] = .string(nextVersion())
        objects[key] = object
    }

    private static func status(_ resource: Resource, _ object: JSONObject, _ rollout: Rollout, step: Int) -> JSONObject
    {
        let pods = rollout.pods
        let updated = min(step, pods)
        var status: JSONObject = ["observedGeneration": object.at("metadata", "generation") ?? 1]
        /// Counts that are zero are left out, as Go's `omitempty` does.
        func set(_ name: String, _ count: Int, always: Bool = false) {
            if count > 0 || always { status[name] = .number(JSONNumber(count)) }
        }
        switch resource {
        case .deployments:
            set("replicas", step <= pods + 1 && pods > 0 && rollout.number > 0 ? pods + 1 : pods)
            set("updatedReplicas", updated)
            let available = step == pods + 2 && rollout.number > 0 ? max(pods - 1, 0) : pods
            set("readyReplicas", available)
            set("availableReplicas", available)
            set("unavailableReplicas", pods - available)
            status["conditions"] = [condition("Available", true, "MinimumReplicasAvailable"), progress(rollout, step)]
        case .statefulsets:
            set("replicas", pods, always: true)
            set("updatedReplicas", updated)
            let isDone = step > pods
            set("readyReplicas", isDone ? pods : max(pods - 1, 0))
            set("availableReplicas", isDone ? pods : max(pods - 1, 0), always: true)
            let name = object.at("metadata", "name")?.string ?? ""
            status["updateRevision"] = .string("\(name)-\(rollout.number)")
            status["currentRevision"] = .string("\(name)-\(isDone ? rollout.number : rollout.number - 1)")
            set("currentReplicas", isDone ? pods : pods - updated)
        default:
            set("desiredNumberScheduled", pods, always: true)
            set("currentNumberScheduled", pods, always: true)
            set("numberMisscheduled", 0, always: true)
            set("updatedNumberScheduled", updated)
            let available = step > pods ? pods : max(pods - 1, 0)
            set("numberReady", available, always: true)
            set("numberAvailable", available)
            set("numberUnavailable", pods - available)
        }
        return status
    }

    private static func progress(_ rollout: Rollout, _ step: Int) -> JSONValue {
        if rollout.fails, rollout.number > 0 { return condition("Progressing", false, "ProgressDeadlineExceeded") }
        return condition("Progressing", true, step > rollout.pods + 2 ? "NewReplicaSetAvailable" : "ReplicaSetUpdated")
    }

    private static func condition(_ type: String, _ holds: Bool, _ reason: String) -> JSONValue {
        [
            "type": .string(type), "status": .string(holds ? "True" : "False"), "reason": .string(reason),
            "message": "", "lastUpdateTime": .string(start.rfc3339), "lastTransitionTime": .string(start.rfc3339),
        ]
    }
}
