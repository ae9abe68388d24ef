import FoundationEssentials
import OpenRouter
import Rotation
import Secrets
import Steps
import Timestamps
import Wording

/// Judges one rotation by the keys of its lineage and by its handoffs.
struct DueJudgement {
    let rotation: DueRotation
    let now: Date
    /// Another rotation of the same lineage.
    var twin: PlanName?
    let lineage: Result<Lineage, Unknown>
    private let workspace: String?

    /// Why it is not known which keys the rotation is about.
    struct Unknown: Error {
        let message: String
        let hint: String
    }

    /// What two rotations of the same keys have in common.
    struct LineageID: Hashable {
        let base: String
        /// The oldest key, or the workspace as long as there is none.
        let place: String?
    }

    /// `keys` are those of each workspace, `elsewhere` those that plans name by hash in other workspaces.
    init(_ rotation: DueRotation, keys: [String?: [Key]], elsewhere: [KeyHash: Key], now: Date) {
        self.rotation = rotation
        self.now = now
        var workspace = rotation.plan.workspace
        let named = rotation.namedHash.flatMap { hash in
            keys[workspace]?.first { $0.hash == hash } ?? (workspace == nil ? elsewhere[hash] : nil)
        }
        if let named, let hash = rotation.namedHash, elsewhere[hash] != nil { workspace = named.workspaceID }
        self.workspace = workspace
        lineage = Self.base(of: rotation, named).map { base in
            let lineage = Lineage(base: base, among: keys[workspace] ?? [])
            // Where the plan says by a hash which key counts, ork-create leaves these alone.
            return named.map { lineage.without(lineage.bystanders(of: $0, at: now)) } ?? lineage
        }
    }

    var lineageID: LineageID? {
        guard rotation.isEnabled, let lineage = try? lineage.get() else { return nil }
        return LineageID(base: lineage.base, place: lineage.keys.first?.hash.description ?? workspace)
    }

    private static func base(of rotation: DueRotation, _ named: Key?) -> Result<String, Unknown> {
        let plan = rotation.plan
        do { return .success(try plan.lineageBase(of: rotation.name, named: named)) } catch {
            if case .otherBase(let base) = error {
                return .failure(
                    Unknown(
                        message: "the successor would have another base name than its predecessor \(base)",
                        hint: "leave successor: {name: …} out; it is for the first key of a lineage"))
            }
        }
        guard case .environment(let variable) = plan.predecessor else {
            let hash = rotation.namedHash.map { " \($0.short)" } ?? ""
            return .failure(Unknown(message: "no key in this account has the hash\(hash)", hint: Self.nameHint))
        }
        // The variable may be set in other jobs alone; a successor bears its predecessor's base name.
        if let base = plan.successor.name { return .success(base) }
        let mistake =
            rotation.predecessorDigest == nil
            ? "the predecessor is the key in \(variable), which is not set here"
            : "no key in this account is the one in \(variable)"
        return .failure(Unknown(message: mistake, hint: Self.nameHint))
    }

    private static let nameHint =
        "name the predecessor in ork.yaml by its name, which its successors share: predecessor: {name: …}"

    var finding: DueFinding {
        guard rotation.isEnabled else {
            return DueFinding(rotation.name, .disabled, "switched off by enabled: false")
        }
        switch lineage {
        case .failure(let unknown): return problem(nil, unknown.message, unknown.hint)
        case .success(let lineage):
            if let twin {
                return problem(
                    nil, "the rotation \(twin) is of the same keys, \(lineage.base)",
                    "leave one of them; a rotation may have many targets")
            }
            if let mistake = rotation.handoffMistake {
                return problem(
                    nil, mistake.message, mistake.hint ?? "look at the handoff with `ork-status --handoff FILE`")
            }
            var finding = judge(lineage)
            finding.unexplained = unexplained(lineage).map { "\($0.plainName) (\($0.hash.short))" }
            return finding
        }
    }

    private func judge(_ lineage: Lineage) -> DueFinding {
        let live = lineage.live(at: now)
        if let restored = lineage.restored(at: now).first {
            if let rollback = rollback(lineage, holding: restored) { return rollback }
            return problem(
                live, "\(restored.plainName) was restored by somebody, or by a rollback, and is held",
                "find out who needs it; then, with the rotation's handoff, `ork-verify --handoff FILE` and "
                    + "`ork-retire --again --handoff FILE`; `ork-rollback --handoff FILE` goes on with a rollback")
        }
        if let resumed = resumable(lineage) { return resumed }
        guard let newest = live.last else { return withoutLiveKey(lineage) }
        if let id = namesakes(lineage).first?.keyName.rotation?.id {
            let keys = live.filter { $0.keyName.rotation?.id == id }.map(\.hash.short)
            return problem(
                live, "\(keys.inWords("and")) bear the ID of the rotation \(id), which has handed out one key",
                "find out who named the other one; `ork-due --audit --handoff FILE` tells which of them the rotation's handoff knows"
            )
        }
        if let unminted = Self.latecomers(lineage, at: now).first {
            return problem(
                live,
                "\(Counted(live.count, "live key").with("is", "are")) named \(lineage.base), and no rotation made \(unminted.hash.short)",
                "say which one counts, predecessor: {hash: …}, and the others stay as they are; or give them names of their "
                    + "own at openrouter.ai, which changes nothing for those who use them")
        }
        if let minting = lineage.beingMinted(at: now).last { return busy(live, minting) }
        if live.count > 1 || !lineage.soaking(at: now).isEmpty { return begun(lineage) }
        if let minting = lineage.minting.first { return leftMinting(live, minting) }
        return settled(newest, lineage)
    }

    /// One live key, and nothing else: is its time over?
    private func settled(_ key: Key, _ lineage: Lineage) -> DueFinding {
        guard let (reason, since, message) = reason(for: key) else {
            let next = rotation.rules.every.map { key.createdAt.addingTimeInterval(TimeInterval($0.seconds)) }
            let text = next.map { "due at \($0.rfc3339)" } ?? "no age makes it due"
            return DueFinding(rotation.name, key: key, .current, "created at \(key.createdAt.rfc3339), \(text)")
        }
        guard rotation.plan.predecessor != .none else {
            return problem(
                [key], "\(message), and the plan says that there is no predecessor",
                "the first key exists now: write predecessor: {name: \(lineage.base)}")
        }
        let finding = due([key], reason, .rotate, since: since, message)
        return last.flatMap(finding.leftToPeople) ?? finding
    }

    private func reason(for key: Key) -> (DueFinding.Reason, Date, String)? {
        if let end = key.expiresAt, let near = rotation.rules.expiryIsNear(of: key), near <= now {
            return (.expiry, end, "it expires at \(end.rfc3339)")
        }
        let age = now.timeIntervalSince(key.createdAt)
        guard let every = rotation.rules.every, age >= TimeInterval(every.seconds) else { return nil }
        let created = "created at \(key.createdAt.rfc3339), more than \(every) ago"
        guard key.keyName.rotation == nil else { return (.age, key.createdAt, created) }
        return (.neverRotated, key.createdAt, "never rotated by ork, \(created)")
    }

    private func withoutLiveKey(_ lineage: Lineage) -> DueFinding {
        let isWanted = { (key: Key) in rollbacks.contains { $0.header.predecessors.contains { $0.hash == key.hash } } }
        if let key = lineage.disabled(at: now).last(where: isWanted) {
            return problem(
                nil,
                "no live key is named \(lineage.base); \(key.plainName) (\(key.hash.short)) is disabled, and a "
                    + "rollback to it is under way",
                (key.keyName.disabledAt == nil ? "enable it again at openrouter.ai; then, with" : "with")
                    + " the rotation's handoff: `ork-rollback --handoff FILE`")
        }
        if let disabled = lineage.disabled(at: now).last {
            return problem(
                nil, "no live key is named \(lineage.base); \(disabled.plainName) (\(disabled.hash.short)) is disabled",
                "enable it again at openrouter.ai, or with the rotation's handoff: `ork-retire --restore --handoff FILE`"
            )
        }
        if let minting = lineage.beingMinted(at: now).last { return busy([], minting) }
        guard rotation.plan.predecessor == .none else {
            let expired = lineage.keys.last { $0.isExpired(at: now) }
            return problem(
                nil,
                "no live key is named \(lineage.base)" + (expired.map { "; \($0.name) has expired" } ?? ""),
                "check the name, the workspace and whose management key this is; for the first key of a lineage write "
                    + "predecessor: none")
        }
        if let minting = lineage.minting.first { return leftMinting([], minting) }
        return due([], .firstKey, .rotate, since: now, "there is no key yet")
    }
}

extension DueJudgement {
    private func busy(_ live: [Key], _ minting: Key) -> DueFinding {
        DueFinding(
            rotation.name, key: live.last, .busy,
            "an ork-create began to mint a key at \(minting.createdAt.rfc3339)")
    }

    private func leftMinting(_ live: [Key], _ minting: Key) -> DueFinding {
        due(
            live, .begun, .rotate, since: minting.createdAt,
            "\(minting.name) was minted and never handed out; ork-create deletes it")
    }

    private func problem(_ live: [Key]?, _ message: String, _ hint: String) -> DueFinding {
        DueFinding(rotation.name, key: live?.last, .problem(hint: hint), message)
    }

    func due(
        _ live: [Key], _ reason: DueFinding.Reason, _ action: DueFinding.Action, since: Date, _ message: String
    ) -> DueFinding {
        DueFinding(
            rotation.name, key: live.last,
            .due(DueFinding.Due(reason: reason, action: action, since: since)), message)
    }
}

extension DueRules {
    /// From when on a key's expiry is near: at most half of its lifetime before it, so that no key is due when it is made.
    func expiryIsNear(of key: Key) -> Date? {
        key.expiresAt.map { end in
            end.addingTimeInterval(-min(TimeInterval(beforeExpiry.seconds), end.timeIntervalSince(key.createdAt) / 2))
        }
    }
}
