import FoundationEssentials
import OpenRouter
import Rotation
import Secrets

extension CreateStep {
    /// How long a creator waits for another one of the same moment to give way, in seconds.
    private static let tieLimit: TimeInterval = 30

    /// Of two creators the one whose key was made first goes on; of the same moment, which is a second long, the one
    /// whose key has the lower hash. The other deletes its own.
    ///
    /// Of the same moment nobody can tell who looked before the other was there, and may be handing out its key by now. So
    /// the lower hash goes on only when the other key is gone: nobody ever does while a rival is in sight.
    func yieldToOtherCreator(_ key: Key, _ header: RotationHeader) throws(StepError) {
        let end = stage.clock.now.addingTimeInterval(Self.tieLimit)
        while let rival = try rival(of: key, header) {
            let isTie = rival.keyName.isMinting && rival.createdAt == key.createdAt
            guard isTie, key.hash.description < rival.hash.description, stage.clock.now < end else {
                try discard(key, because: "\(rival.name) was created first")
                throw StepError(
                    .notYet,
                    "another rotation of \(header.base) created \(rival.name) first, or at the same moment; this one's "
                        + "key is deleted",
                    hint: "let the other rotation go on; if it gave way too, run ork-create again",
                    isWorthWaiting: false)
            }
            stage.clock.sleep(until: stage.clock.now.addingTimeInterval(1))
        }
    }

    /// A key of somebody else's that stands before this one or beside it; one that is live has won already.
    private func rival(of key: Key, _ header: RotationHeader) throws(StepError) -> Key? {
        let listed = try asStepError { try stage.client.allKeys(api, workspace: header.workspace) }
        let known = Set(header.predecessors.map(\.hash) + [key.hash])
        let now = listed.date ?? stage.clock.now
        let lineage = Lineage(base: header.base, among: listed.value.filter { !known.contains($0.hash) })
        for rival in lineage.live(at: now) + lineage.minting.filter({ $0.createdAt <= key.createdAt }) {
            let isAbandoned = rival.keyName.isMinting && now.timeIntervalSince(rival.createdAt) >= Self.mintingLimit
            guard isAbandoned, try discard(rival, because: "it was minted and never handed out") else { return rival }
        }
        return nil
    }
}
