import FoundationEssentials
package import OpenRouter
import Rotation
import Secrets

/// Finds out which rotations of one account are due. It changes nothing.
///
/// The names at OpenRouter tell most of it. Every workspace is listed once, however many rotations are in it.
package struct DueStep {
    private let client: OpenRouterClient
    private let api: ManagementAPI
    private let clock: any WallClock
    private let rotations: [DueRotation]

    package init(client: OpenRouterClient, api: ManagementAPI, clock: any WallClock, rotations: [DueRotation]) {
        self.client = client
        self.api = api
        self.clock = clock
        self.rotations = rotations
    }

    /// A finding for each rotation, in their order.
    package func run() throws(StepError) -> [DueFinding] {
        let enabled = rotations.filter(\.isEnabled)
        let listed = try asStepError {
            try client.allKeys(api, workspaces: Set(enabled.map(\.plan.workspace)))
        }
        let now = listed.date ?? clock.now
        var keys = listed.value
        let elsewhere = try asStepError { try namedElsewhere(enabled, keys) }
        let others = Set(elsewhere.values.map(\.workspaceID)).subtracting(keys.keys)
        try asStepError { keys.merge(try client.allKeys(api, workspaces: others).value) { first, _ in first } }

        var judgements = rotations.map { rotation in
            DueJudgement(rotation, keys: keys, elsewhere: elsewhere, now: now)
        }
        refuseSharedLineages(&judgements)
        return judgements.map(\.finding)
    }

    /// The keys that plans name by a hash and that are in none of the workspaces named, in one batch.
    private func namedElsewhere(
        _ rotations: [DueRotation], _ keys: [String?: [Key]]
    ) throws(OpenRouterError) -> [KeyHash: Key] {
        let known = Set(keys.values.joined().map(\.hash))
        let missing = Set(rotations.filter { $0.plan.workspace == nil }.compactMap(\.namedHash)).subtracting(known)
        var found: [KeyHash: Key] = [:]
        let calls = missing.sorted { $0.description < $1.description }.map { api.key($0) }
        for result in client.send(all: calls) {
            if let key = try result.get().value { found[key.hash] = key }
        }
        return found
    }

    /// Two rotations of the same keys would replace each other's successors.
    private func refuseSharedLineages(_ judgements: inout [DueJudgement]) {
        var owners: [DueJudgement.LineageID: [PlanName]] = [:]
        for judgement in judgements {
            if let id = judgement.lineageID { owners[id, default: []].append(judgement.rotation.name) }
        }
        for index in judgements.indices {
            let name = judgements[index].rotation.name
            guard let id = judgements[index].lineageID, let other = owners[id]?.first(where: { $0 != name }) else {
                continue
            }
            judgements[index].twin = other
        }
    }
}
