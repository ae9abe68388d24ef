import FoundationEssentials
import OpenRouter
package import Rotation
package import Secrets
package import Steps
package import Timestamps

/// Finds out which rotations of one account are due. It changes nothing.
///
/// The names at OpenRouter tell most of it. Every workspace is listed once, however many rotations are in it.
package struct DueStep {
    private let account: ManagedAccount
    private let clock: any WallClock
    private let rotations: [DueRotation]

    package init(account: ManagedAccount, clock: any WallClock, rotations: [DueRotation]) {
        self.account = account
        self.clock = clock
        self.rotations = rotations
    }

    /// A finding for each rotation, in their order.
    package func run() throws(StepError) -> [DueFinding] { try look(in: rotations.filter(\.isEnabled)).findings }

    /// The same, and every key of the workspaces, those of rotations that are switched off included, and of others.
    package func survey(with others: DueSurvey.Workspaces = .named([])) throws(StepError) -> DueSurvey {
        switch others {
        case .named(let ids): try look(in: rotations, and: ids)
        case .all: try look(in: rotations, and: workspaces())
        }
    }

    /// The account's workspaces.
    private func workspaces() throws(StepError) -> Set<String> {
        let first = try account.send { $0.workspaces() }.value
        var rows = first.rows
        for page in account.client.send(all: first.furtherOffsets.map { account.api.workspaces(offset: $0) }) {
            rows += try page.answer().value.rows
        }
        return Set(rows.map(\.id))
    }

    private func look(in listing: [DueRotation], and named: Set<String> = []) throws(StepError) -> DueSurvey {
        let listed = try account.keys(in: Set(listing.map(\.plan.workspace)).union(named.map { $0 }))
        let now = listed.date ?? clock.now
        var keys = listed.value
        let elsewhere = try namedElsewhere(listing, keys)
        let others = Set(elsewhere.values.map(\.workspaceID)).subtracting(keys.keys)
        keys.merge(try account.keys(in: others).value) { first, _ in first }

        var judgements = rotations.map { rotation in
            DueJudgement(rotation, keys: keys, elsewhere: elsewhere, now: now)
        }
        refuseSharedLineages(&judgements)
        var owners: [KeyHash: PlanName] = [:]
        for judgement in judgements {
            for hash in judgement.hashes where owners[hash] == nil { owners[hash] = judgement.rotation.name }
        }
        let byName = Set(judgements.flatMap(\.hashesByName))
        var seen: Set<KeyHash> = []
        let owned = keys.values.joined().filter { seen.insert($0.hash).inserted }.map {
            DueSurvey.OwnedKey(key: $0, owner: owners[$0.hash], isByNameAlone: byName.contains($0.hash))
        }
        return DueSurvey(findings: judgements.map(\.finding), keys: owned, date: now)
    }

    /// The keys that plans name by a hash and that are in none of the workspaces named, in one batch.
    private func namedElsewhere(
        _ rotations: [DueRotation], _ keys: [String?: [Key]]
    ) throws(StepError) -> [KeyHash: Key] {
        let known = Set(keys.values.joined().map(\.hash))
        let missing = Set(rotations.filter { $0.plan.workspace == nil }.compactMap(\.namedHash)).subtracting(known)
        var found: [KeyHash: Key] = [:]
        let calls = missing.sorted { $0.description < $1.description }.map { account.api.key($0) }
        for result in account.client.send(all: calls) {
            if let key = try result.answer().value { found[key.hash] = key }
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

/// One rotation of a fleet, and what is known of it beside OpenRouter.
package struct DueRotation: Sendable {
    package var name: PlanName
    package var plan: Plan
    package var rules: DueRules
    /// `false` where the kill switch of the rotation is thrown.
    package var isEnabled = true
    /// The digest of the predecessor's plaintext, where the plan names it by a variable that is set.
    package var predecessorDigest: Digest?
    /// What its handoffs say; `nil` if nobody has looked for handoffs.
    package var handoffs: [State]?
    /// The keys that those of its handoffs name that its signers have signed; `nil` if nobody has looked for handoffs.
    package var recordedKeys: Set<KeyHash>?
    /// Why one of its handoffs cannot be accepted.
    package var handoffMistake: HandoffError?

    package init(name: PlanName, plan: Plan, rules: DueRules) {
        self.name = name
        self.plan = plan
        self.rules = rules
    }

    /// The hash by which the plan names the predecessor.
    var namedHash: KeyHash? { plan.predecessorHash(predecessorDigest) }
}
