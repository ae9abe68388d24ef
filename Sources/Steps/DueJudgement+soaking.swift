import FoundationEssentials
import OpenRouter
import Rotation
import Timestamps

extension DueJudgement {
    /// What a rotation says that has nothing to do but to let its disabled predecessors soak; `nil` if it might go on.
    ///
    /// The moment is certain: the mark in the key's name says since when, and `ork-retire` takes the length from
    /// `ork.yaml`, too. Other waits are not: during the overlap `ork-retire` reads the meters, and only the handoff
    /// knows the last write. A successor that is not well is for `ork-retire` to tell.
    func soaking(_ lineage: Lineage, knowing state: State? = nil) -> DueFinding? {
        let live = lineage.live(at: now)
        guard let newest = live.last, live.count == 1, newest.keyName.rotation != nil, lineage.minting.isEmpty else {
            return nil
        }
        let soak = TimeInterval(rotation.plan.retire.soak.seconds)
        let horizon = now.addingTimeInterval(soak + RetireStep.margin)
        guard newest.maySpend(at: now), !newest.isExpired(at: horizon) else { return nil }
        let keys = soakingKeys(lineage)
        // Without its record ork-retire disables the key once more, and it soaks from then on: the sooner the better.
        if let state, !keys.allSatisfy({ state.disabled.contains($0.hash) }) { return nil }
        guard let end = keys.compactMap(\.keyName.disabledAt).min()?.addingTimeInterval(soak), now < end else {
            return nil
        }
        let names = keys.map { "\($0.plainName) (disabled)" }.joined(separator: ", ")
        return DueFinding(rotation.name, key: newest, .soaking(until: end), "\(names) soaks until \(end.rfc3339)")
    }

    /// The keys that rotations disabled. One without the mark was disabled by hand, and is somebody's business.
    func soakingKeys(_ lineage: Lineage) -> [Key] {
        lineage.soaking(at: now).filter { $0.keyName.disabledAt != nil }
    }
}
