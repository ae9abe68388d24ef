import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Timestamps

extension SecretTarget {
    /// Reads what is to be restarted, and refuses what a restart would not reach.
    func workloads() throws(ServiceError) -> [WorkloadState] {
        var states: [WorkloadState] = []
        for workload in settings.workloads {
            let state = try read(workload)
            if let objection = state.objection { throw ServiceError(objection) }
            states.append(state)
        }
        return states
    }

    func read(_ workload: Workload) throws(ServiceError) -> WorkloadState {
        let answer = try client.send(call(.get, workload, to: "read", right: "get"), until: deadline)
        return try WorkloadState(workload, answer.object(), marker: markerName)
    }

    /// Restarts what was not restarted for this write yet, and answers what it restarted. A restart that somebody else's
    /// change comes before is made anew on what is there then.
    func restart(_ states: [WorkloadState], for marker: Marker) throws(ServiceError) -> [Workload] {
        let now = clock.now.rfc3339
        var restarted: [Workload] = []
        for state in states where state.marker != marker {
            var state = state
            var tries = 0
            while state.marker != marker {
                tries += 1
                guard tries <= 5 else {
                    throw ServiceError(
                        PublisherError(
                            .conflict, "\(state.workload) changes faster than it can be restarted",
                            hint: "look who else writes it, and run the step again", field: "with.restart"))
                }
                if let objection = state.objection { throw ServiceError(objection) }
                let call = call(
                    .patch, state.workload, body: patch(state, marker, now), statuses: [200, 409], to: "restart",
                    right: "patch")
                let answer = try client.send(call, until: deadline)
                guard answer.status == 409 else { break }
                state = try read(state.workload)
            }
            restarted.append(state.workload)
        }
        return restarted
    }

    /// Asks whether a restart would be allowed.
    func tryRestart(_ state: WorkloadState) throws(ServiceError) {
        var call = call(
            .patch, state.workload, body: ["metadata": ["annotations": [:]]], to: "restart", right: "patch")
        call.query.append(("dryRun", "All"))
        _ = try client.send(call, until: deadline)
    }

    /// Looks at the rollouts until they are done, stuck, or there is no more time. The write stands whatever is seen.
    func wait(for workloads: [Workload]) -> [(workload: Workload, rollout: Rollout)] {
        var open = workloads
        var ended: [Workload: Rollout] = [:]
        var pause: TimeInterval = 1
        while true {
            for workload in open {
                do throws(ServiceError) { ended[workload] = try read(workload).rollout } catch {
                    ended[workload] = .underWay("how far it is cannot be seen: \(error.error.message)")
                }
            }
            open = open.filter { workload in
                if case .underWay? = ended[workload] { true } else { false }
            }
            let next = clock.now.addingTimeInterval(pause)
            guard !open.isEmpty, next < deadline.addingTimeInterval(-Self.lastLook) else { break }
            clock.sleep(until: next)
            pause = min(pause * 1.5, 5)
        }
        return workloads.compactMap { workload in ended[workload].map { (workload, $0) } }
    }

    /// What is left of the deadline for the answer.
    private static let lastLook: TimeInterval = 3

    private var markerName: String { Marker.restarted(settings.name, settings.key) }

    private func patch(_ state: WorkloadState, _ marker: Marker, _ now: String) -> JSONObject {
        let annotations: JSONObject = [WorkloadState.restartedAt: .string(now), markerName: .string(marker.text)]
        return [
            "metadata": ["resourceVersion": .string(state.version)],
            "spec": ["template": ["metadata": ["annotations": .object(annotations)]]],
        ]
    }

    private func call(
        _ method: HTTPRequest.Method, _ workload: Workload, body: JSONObject? = nil, statuses: Set<Int> = [200],
        to verb: String, right: String
    ) -> ServiceCall {
        var call = ServiceCall(
            method,
            ["apis", "apps", "v1", "namespaces", settings.namespace, workload.kind.resource, workload.name],
            query: method == .get ? [] : [("fieldManager", "ork")], body: body.map(JSONValue.object),
            statuses: statuses, to: "\(verb) \(workload) in namespace \(settings.namespace)", field: "with.restart",
            permission: "the verb \(right) on \(workload.kind.resource) of the API group apps, with resourceNames"
                + " [\(workload.name)], in namespace \(settings.namespace)")
        if method == .patch { call.headers = [("Content-Type", "application/merge-patch+json")] }
        call.secret = secret
        return call
    }
}
