import FoundationEssentials
import OpenRouter
package import Rotation
package import Secrets
import Steps

// Which keys of a lineage's name are this rotation's own: a name is anybody's to choose, and so is the mark of a rotation.
extension DueJudgement {
    /// The keys that it looks after, whether it is switched off or not; none where nobody can tell.
    var hashes: [KeyHash] {
        guard let lineage = try? lineage.get() else { return [] }
        let others = Set(foreign(lineage).map(\.hash))
        return lineage.keys.map(\.hash).filter { !others.contains($0) }
    }

    /// Those of them that only their names speak for: several are live, and nobody has looked for handoffs.
    var hashesByName: [KeyHash] {
        guard rotation.recordedKeys == nil, let lineage = try? lineage.get() else { return [] }
        let own = Set(hashes)
        let live = lineage.live(at: now).map(\.hash).filter(own.contains)
        return live.count > 1 ? live : []
    }

    /// The live keys that bear its name and are not its own.
    private func foreign(_ lineage: Lineage) -> [Key] {
        let live = lineage.live(at: now)
        guard let recorded = rotation.recordedKeys else {
            return Self.latecomers(lineage, at: now) + namesakes(lineage)
        }
        // Of a lineage that no handoff tells of, the oldest is what applications hold.
        guard live.contains(where: { recorded.contains($0.hash) }) else { return Array(live.dropFirst()) }
        return live.filter { !recorded.contains($0.hash) }
    }

    /// The live keys beside the oldest that no rotation made or disabled: other applications', or somebody's who has taken the name.
    static func latecomers(_ lineage: Lineage, at now: Date) -> [Key] {
        lineage.live(at: now).dropFirst().filter { !$0.isOfARotation }
    }

    /// The live keys that bear the ID of one rotation, which hands out a single one: somebody has named the others.
    func namesakes(_ lineage: Lineage) -> [Key] {
        let live = lineage.live(at: now)
        return live.filter { key in
            guard let id = key.keyName.rotation?.id else { return false }
            return live.contains { $0.hash != key.hash && $0.keyName.rotation?.id == id }
        }
    }

    /// A live key that none of the handoffs knows; `nil` also where there are none.
    func unexplained(_ lineage: Lineage) -> Key? {
        guard let states = rotation.handoffs, !states.isEmpty else { return nil }
        let known = states.reduce(into: Set<KeyHash>()) { $0.formUnion($1.recordedKeys) }
        return lineage.unknownKey(besides: known, at: now)
    }

    /// The last rotation of which there is a handoff; of several copies the one that knows its end.
    var last: State? {
        let states = rotation.handoffs ?? []
        let newest = states.filter { state in !states.contains { state.header.id < $0.header.id } }
        return newest.first(where: \.isFinished) ?? newest.first
    }
}

extension DueFinding {
    /// Whether a rotation would begin: none is under way.
    package var begins: Bool { due.map { $0.action == .rotate && $0.reason != .begun } ?? false }

    /// The same for people, where the last rotation was taken back to this key for a reason that no schedule knows; `nil` for any other.
    package func leftToPeople(after last: State) -> DueFinding? {
        guard begins, let inUse, last.isRolledBack, last.recordedKeys.contains(inUse.hash) else { return nil }
        var finding = DueFinding(
            rotation, key: inUse,
            .problem(
                hint: "start one by hand once the cause is fixed, or write enabled: false into ork.yaml until then"),
            "it is due, but its last rotation \(last.header.id) was taken back: \(message)")
        finding.isLeftToPeople = true
        return finding
    }
}

extension State {
    /// The keys that this rotation has to do with, one that nobody may have been given included.
    package var recordedKeys: Set<KeyHash> { knownKeys.union(minted.map(\.hash)) }
}
