import FoundationEssentials
import OpenRouter
import Rotation
import Secrets

/// Which keys a new rotation is about.
///
/// A lineage has one live key, the predecessor. More than one, or one that still soaks, means that another rotation is
/// under way or was lost; `--supersede` takes them all into this one.
struct LineageChoice {
    let base: String
    let workspace: String?
    /// The oldest first; the settings are inherited from the last.
    let predecessors: [Key]
    /// Keys that bear the mark `minting` and that nobody will activate.
    let abandoned: [Key]

    init(_ snapshot: LineageSnapshot, _ options: CreateStep.Options, now: Date) throws(StepError) {
        let plan = options.plan
        do { base = try plan.lineageBase(of: options.name, named: snapshot.named) } catch { throw StepError(error) }
        let lineage = Lineage(base: base, among: snapshot.keys)
        let live = lineage.live(at: now)
        let soaking = lineage.soaking(at: now)
        abandoned = try Self.abandoned(lineage, options, now: now)
        workspace = plan.workspace ?? snapshot.named?.workspaceID ?? live.last?.workspaceID
        // The last one gives its settings: the key that the plan names, where it names one.
        let named = live.filter { $0.hash == snapshot.named?.hash }
        let ordered = live.filter { $0.hash != snapshot.named?.hash } + named
        predecessors = options.supersedes ? soaking + ordered : live.suffix(1)
        if options.supersedes, snapshot.named == nil { try Self.refuseUnlike(live, base, plan.successor) }
        if let key = snapshot.named, !live.contains(where: { $0.hash == key.hash }) {
            throw StepError(
                .failed, "the key \(key.name) (\(key.hash.short)) is disabled, has expired or is not activated",
                hint: "name the key that is in use")
        }
        let others = soaking + (plan.predecessor == .none ? live : Array(live.dropLast()))
        guard options.supersedes || others.isEmpty else {
            let keys = (soaking + live).map { "\($0.name) (\($0.hash.short)\($0.disabled ? ", disabled" : ""))" }
            throw StepError(
                .notYet,
                "another rotation of \(base) is under way or was lost: \(keys.joined(separator: ", "))",
                hint: "finish it with its handoff, or take all of these keys into this rotation with --supersede",
                isRetryable: false)
        }
        // A mistyped name, or another account's management key, would make a key that replaces nothing and has no limit.
        guard plan.predecessor == .none || !predecessors.isEmpty else {
            throw StepError(
                .failed, "there is no live key named \(base) in this workspace",
                hint: "check the name, the workspace and whose management key this is; "
                    + "for the first key of a lineage say --predecessor none")
        }
    }

    /// A key of that name that somebody has made gives its limit or its owner to no successor.
    private static func refuseUnlike(_ live: [Key], _ base: String, _ wanted: Plan.Successor) throws(StepError) {
        guard let last = live.last else { return }
        for key in live.dropLast() {
            guard let difference = key.difference(from: last, wanted) else { continue }
            throw StepError(
                .failed,
                "the live keys of \(base) differ in their \(difference): \(key.name) (\(key.hash.short)) and "
                    + "\(last.name) (\(last.hash.short))",
                hint: difference.hasPrefix("limit")
                    ? "say what the successor gets (--limit, --limit-reset), or make the keys alike at openrouter.ai"
                    : "disable at openrouter.ai the one that is not the application's", isRetryable: false)
        }
    }

    /// Minting keys that may be deleted: any with `--supersede`, else those older than any run of `ork-create`.
    private static func abandoned(
        _ lineage: Lineage, _ options: CreateStep.Options, now: Date
    ) throws(StepError) -> [Key] {
        let young = lineage.beingMinted(at: now)
        guard let newest = young.last, !options.supersedes else { return lineage.minting }
        throw StepError(
            .notYet, "another ork-create is minting \(young[0].name)",
            hint: "wait for it; if it was killed, resume with its handoff, use --supersede, or come back in an hour",
            retryAt: newest.createdAt.addingTimeInterval(Lineage.mintingLimit))
    }
}

extension Key {
    /// In what a successor that inherits from the one would differ from one that inherits from the other.
    fileprivate func difference(from other: Key, _ wanted: Plan.Successor) -> String? {
        if wanted.limit == .inherit, limit?.decimal != other.limit?.decimal { return "limit" }
        if wanted.limitReset == .inherit, limitReset != other.limitReset { return "limit's reset" }
        if creatorUserID != other.creatorUserID { return "owner" }
        return workspaceID == other.workspaceID ? nil : "workspace"
    }
}

extension StepError {
    fileprivate init(_ mistake: Plan.LineageMistake) {
        switch mistake {
        case .unknownHash:
            self.init(
                .failed, "OpenRouter has no key with the hash of the predecessor",
                hint: "the management key may be another account's, or the key was deleted; --predecessor name=… finds "
                    + "it by name")
        case .otherBase(let base):
            self.init(
                .unacceptable, "the successor would have another base name than its predecessor \(base)",
                hint: "leave --name out; it is for the first key of a lineage (--predecessor none)")
        }
    }
}
