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
    private let lineage: Result<Lineage, Unknown>
    private let workspace: String?

    /// Why it is not known which keys the rotation is about.
    private struct Unknown: Error {
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
            return judge(lineage)
        }
    }

    private func judge(_ lineage: Lineage) -> DueFinding {
        let live = lineage.live(at: now)
        if let restored = lineage.restored(at: now).first {
            return problem(
                live, "\(restored.plainName) was restored by somebody and is held",
                "find out who needs it; then, with the rotation's handoff, `ork-verify --handoff FILE` and "
                    + "`ork-retire --again --handoff FILE`")
        }
        if let resumed = resumable(lineage) { return resumed }
        guard let newest = live.last else { return withoutLiveKey(lineage) }
        if let unminted = live.dropFirst().first(where: { $0.keyName.rotation == nil }) {
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
        return due([key], reason, .rotate, since: since, message)
    }

    private func reason(for key: Key) -> (DueFinding.Reason, Date, String)? {
        if let end = key.expiresAt {
            // At most half of its lifetime, so that no key is due when it is made.
            let margin = min(
                TimeInterval(rotation.rules.beforeExpiry.seconds), end.timeIntervalSince(key.createdAt) / 2)
            if end.timeIntervalSince(now) <= margin { return (.expiry, end, "it expires at \(end.rfc3339)") }
        }
        let age = now.timeIntervalSince(key.createdAt)
        guard let every = rotation.rules.every, age >= TimeInterval(every.seconds) else { return nil }
        let created = "created at \(key.createdAt.rfc3339), more than \(every) ago"
        guard key.keyName.rotation == nil else { return (.age, key.createdAt, created) }
        return (.neverRotated, key.createdAt, "never rotated by ork, \(created)")
    }

    private func withoutLiveKey(_ lineage: Lineage) -> DueFinding {
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

extension DueJudgement {
    /// What the newest handoff that is not finished says, if it fits what is at OpenRouter.
    func resumable(_ lineage: Lineage) -> DueFinding? {
        let live = lineage.live(at: now)
        let states = (rotation.handoffs ?? []).filter { !$0.isFinished }
            .sorted { $0.header.id.description > $1.header.id.description }
        for state in states {
            // A live key that the handoff does not know belongs to a rotation that came after it.
            guard lineage.unknownKey(besides: state.knownKeys, at: now) == nil else { continue }
            if let created = state.created {
                guard live.contains(where: { $0.hash == created.hash }) else { continue }
                guard state.isPublished || now <= created.publishBy else {
                    return due(
                        live, .begun, .supersede, since: created.createdAt,
                        "its successor should have been published by \(created.publishBy.rfc3339)")
                }
            } else if let predecessor = state.header.predecessors.last {
                guard live.contains(where: { $0.hash == predecessor.hash }) else { continue }
            }
            if let raise = raise(state, live) { return raise }
            if let soaking = soaking(lineage, knowing: state) { return soaking }
            let since = state.created?.createdAt ?? state.lastRecordAt ?? now
            let next = state.next.map { ": next is \($0)" } ?? ""
            return due(
                live, .begun, .resume, since: since, "rotation \(state.header.id) is \(state.phase.rawValue)\(next)")
        }
        return nil
    }

    /// A successor that still has what its predecessor had left, and might spend more again: it is short of it from now on,
    /// whatever else the rotation waits for. `ork-retire` raises the limit, since nothing that looks for work changes a key.
    private func raise(_ state: State, _ live: [Key]) -> DueFinding? {
        guard let created = state.created, let allowance = created.allowance,
            let key = live.first(where: { $0.hash == created.hash }), allowance.isRaiseDue(key, at: now)
        else { return nil }
        return due(
            live, .begun, .resume, since: allowance.until,
            "the limit of \(key.plainName) started over at \(allowance.until.rfc3339): "
                + "`ork-retire --handoff FILE` raises it \(allowance.raise)")
    }

    /// What the names alone say of a rotation that has handed out its successor.
    ///
    /// Where handoffs were looked for and this one is not among them, it is lost. Where nobody looked, it may be
    /// somewhere until the rotation has taken longer than its own rules allow.
    func begun(_ lineage: Lineage) -> DueFinding {
        let live = lineage.live(at: now)
        let disabled = lineage.soaking(at: now)
        let moments = [live.last?.createdAt].compactMap { $0 } + disabled.compactMap(\.keyName.disabledAt)
        let since = moments.max() ?? now
        let names = (disabled + live.dropLast()).map { "\($0.plainName)\($0.disabled ? " (disabled)" : "")" }
        let message = "\(names.joined(separator: ", ")) not yet retired"
        let elapsed = now.timeIntervalSince(since)
        if elapsed > TimeInterval(patience.seconds) {
            return due(live, .begun, .supersede, since: since, "\(message), since more than \(patience)")
        }
        // A rotation as young as that may not have saved its handoff yet.
        if rotation.handoffs != nil, elapsed >= Lineage.mintingLimit {
            return due(
                live, .begun, .supersede, since: since, "\(message), and no handoff knows \(live.last?.name ?? "")")
        }
        return soaking(lineage) ?? due(live, .begun, .resume, since: since, message)
    }

    /// The longest that a rotation takes by its own rules.
    private var patience: Interval {
        let rules = rotation.plan.retire
        return Interval(
            seconds: rotation.plan.publish.publishBy.seconds + rules.overlap.seconds + rules.quietFor.seconds
                + rules.soak.seconds)
    }
}

extension DueJudgement {
    /// What there is to say of a rotation that only waits for its disabled predecessors to soak; `nil` if it could do more.
    ///
    /// The moment is certain: the mark in the key's name says since when, and `ork-retire` takes the length from
    /// `ork.yaml`, too. Other waits are not: during the overlap `ork-retire` reads the meters, and only the handoff
    /// knows the last write. A successor with a health problem is for `ork-retire` to report.
    func soaking(_ lineage: Lineage, knowing state: State? = nil) -> DueFinding? {
        let live = lineage.live(at: now)
        guard let newest = live.last, live.count == 1, newest.keyName.rotation != nil, lineage.minting.isEmpty else {
            return nil
        }
        let soak = TimeInterval(rotation.plan.retire.soak.seconds)
        guard rotation.plan.retire.healthProblem(of: newest, at: now) == nil else { return nil }
        let keys = lineage.soaking(at: now)
        // Without its record ork-retire disables the key once more, and it soaks from then on: the sooner the better.
        if let state, !keys.allSatisfy({ state.disabled.contains($0.hash) }) { return nil }
        guard let end = keys.compactMap(\.keyName.disabledAt).min()?.addingTimeInterval(soak), now < end else {
            return nil
        }
        let names = keys.map { "\($0.plainName) (disabled)" }.joined(separator: ", ")
        return DueFinding(rotation.name, key: newest, .soaking(until: end), "\(names) soaks until \(end.rfc3339)")
    }
}
