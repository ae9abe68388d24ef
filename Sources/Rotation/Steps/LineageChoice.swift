import FoundationEssentials
import JSON
import OpenRouter
import Rotation
import Secrets
import Timestamps
import Wording

/// Which keys a new rotation is about.
///
/// A lineage has one live key, the predecessor. What else is found decides who has to speak:
///
/// * *A key that bears a rotation's mark*, live or soaking: a rotation is under way or was lost, and its successor may be in
///   use. It is never left alone: its handoff finishes it, `--supersede` takes all keys of the name into this rotation, each
///   of which is then retired on its own evidence, or, where no other key is so marked, its hash names it as the predecessor.
/// * *Keys without a mark* beside the predecessor were made by hand: other applications' of the same name. By the name alone
///   nobody can tell which one is meant, so that refuses. A hash, or a variable with the key, chooses, and the others are
///   **bystanders**: told, written into the handoff by their hashes, and left alone. A key that appears later is none.
struct LineageChoice {
    let base: String
    let workspace: String?
    /// The oldest first; the settings are inherited from the last.
    let predecessors: [Key]
    /// Live keys of the same name that are no part of the rotation.
    let bystanders: [Key]
    /// Keys of earlier rotations that do not work, and are no predecessors.
    let dead: [Key]
    /// Keys that bear the mark `minting` and that nobody will activate.
    let abandoned: [Key]

    init(_ snapshot: LineageSnapshot, _ options: CreateStep.Options, now: Date) throws(StepError) {
        let plan = options.plan
        do { base = try plan.lineageBase(of: options.name, named: snapshot.named) } catch {
            throw StepError(error, options)
        }
        let lineage = Lineage(base: base, among: snapshot.keys)
        let live = lineage.live(at: now)
        let soaking = lineage.soaking(at: now)
        abandoned = try Self.abandoned(lineage, options, now: now)
        workspace = plan.workspace ?? snapshot.named?.workspaceID ?? live.last?.workspaceID
        let chosen = live.first { $0.hash == snapshot.named?.hash }
        if let key = snapshot.named, chosen == nil { throw Self.unusable(key, live, options.command) }
        if plan.predecessor == .none, live.count == 1, soaking.isEmpty, !options.supersedes {
            throw Self.notTheFirst(live[0], options.command, now)
        }
        if options.supersedes {
            bystanders = []
            if chosen == nil { try Self.refuseUnlike(live, base, options) }
            // The last one gives its settings: the key that the plan names, where it names one.
            predecessors = soaking + live.filter { $0.hash != chosen?.hash } + (chosen.map { [$0] } ?? [])
        } else {
            let others = chosen.map { lineage.bystanders(of: $0, at: now) } ?? []
            bystanders = others
            let counted = live.filter { key in !others.contains { $0.hash == key.hash } }
            guard soaking.isEmpty, counted.count <= (plan.predecessor == .none ? 0 : 1) else {
                throw Self.undecided(live, soaking, base, chosen, options.command, now)
            }
            predecessors = counted
        }
        let replaced = Set(predecessors.map(\.hash))
        dead = lineage.dead(at: now).filter { !replaced.contains($0.hash) }.suffix(Self.mostDead)
        // A mistyped name, or another account's management key, would make a key that replaces nothing and has no limit.
        guard plan.predecessor == .none || !predecessors.isEmpty else {
            throw Self.noLiveKey(base, lineage, snapshot, plan.workspace, options.command, now)
        }
    }

    /// How many dead keys a rotation remembers: every request to a publisher names them.
    private static let mostDead = 20

    /// A key of that name that somebody has made gives its limit or its owner to no successor.
    private static func refuseUnlike(_ live: [Key], _ base: String, _ options: CreateStep.Options) throws(StepError) {
        guard let last = live.last else { return }
        for key in live.dropLast() {
            guard let difference = key.difference(from: last, options.plan.successor) else { continue }
            throw StepError(
                .failed,
                "the live keys of \(base) differ in their \(difference): \(key.name) (\(key.hash.short)) and "
                    + "\(last.name) (\(last.hash.short))",
                hint: "say from which one the successor inherits; all of them are replaced: "
                    + ways(live, options.command), isRetryable: false)
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
            hint: "wait for it; if it was killed, run it again with its handoff, or leave what it minted behind: "
                + "`\(options.command.superseding)`",
            retryAt: newest.createdAt.addingTimeInterval(Lineage.mintingLimit))
    }
}

extension LineageChoice {
    /// More keys than one, or one that soaks, and nothing that says what they are.
    private static func undecided(
        _ live: [Key], _ soaking: [Key], _ base: String, _ chosen: Key?, _ command: CreateCommand, _ now: Date
    ) -> StepError {
        let marked = (soaking + live).filter(\.isOfARotation)
        let keys = (soaking + live).map { $0.portrait(at: now) }.joined(separator: "; ")
        guard !marked.isEmpty else {
            return StepError(
                .unacceptable, "\(live.count == 2 ? "two" : "\(live.count)") live keys are named \(base): \(keys)",
                hint: "say which one is to be replaced, and the others stay as they are: " + ways(live, command)
                    + "; --predecessor env=VARIABLE finds the one that VARIABLE holds", isRetryable: false)
        }
        let taking = "`\(command.superseding)` takes all of these keys into a new rotation"
        let renaming = "a name of its own at openrouter.ai, which changes nothing for those who use it"
        let hint: String
        if let chosen, !chosen.isOfARotation {
            hint =
                "finish it with its handoff; if it is another application's, give \(chosen.hash.short) \(renaming), and go on "
                + "by that name: \(command.replacing(.name("NAME"))); if it is lost, \(taking)"
        } else if marked.count == 1, soaking.isEmpty, live.count > 1 {
            // The rotation that made it may have finished long ago, and the others be other applications' keys.
            hint =
                "finish it with its handoff; if that is lost, \(taking); if the others are another application's, they stay "
                + "as they are: \(ways(marked, command))"
        } else {
            hint =
                "finish it with its handoff; if that is lost, \(taking); a key that is another application's needs \(renaming), "
                + "first"
        }
        return StepError(
            .notYet, "another rotation of \(base) is under way or was lost: \(keys)", hint: hint, isRetryable: false)
    }

    private static func ways(_ keys: [Key], _ command: CreateCommand) -> String {
        keys.map { command.replacing(.hash($0.hash)) }.joined(separator: " or ")
    }

    private static func unusable(_ key: Key, _ live: [Key], _ command: CreateCommand) -> StepError {
        let hint =
            live.isEmpty
            ? "name the key that is in use, or enable this one at openrouter.ai"
            : "name the key that is in use: "
                + ways(live, command)
        return StepError(
            .failed, "the key \(key.name) (\(key.hash.short)) is disabled, has expired or is not activated", hint: hint)
    }

    private static func notTheFirst(_ key: Key, _ command: CreateCommand, _ now: Date) -> StepError {
        StepError(
            .unacceptable,
            "there is a key of this name already, so there is something to replace: \(key.portrait(at: now))",
            hint:
                "replace it: `\(command.with("predecessor", "name=\(key.keyName.base)"))`; for another first key choose "
                + "another name: `\(command.with("name", "NAME"))`")
    }

    private static func noLiveKey(
        _ base: String, _ lineage: Lineage, _ snapshot: LineageSnapshot, _ workspace: String?, _ command: CreateCommand,
        _ now: Date
    ) -> StepError {
        let dead = lineage.keys.last { !$0.isUnactivated }
        let usable = snapshot.keys.filter { !$0.disabled && !$0.isExpired(at: now) && !$0.isUnactivated }
        let near = NearNames(to: base, among: usable.map(\.keyName.base))
        let also =
            dead.map { "\($0.name) (\($0.hash.short)) \($0.disabled ? "is disabled" : "has expired")" } ?? near.question
        let check =
            "it is in another workspace: `\(command.with("workspace", "UUID"))`; check which account the management key "
            + "belongs to"
        let meant = dead == nil ? near.names.first.map { command.replacing(.name($0)) } : nil
        return StepError(
            .failed,
            "there is no live key named \(base) in \(workspace.map { "the workspace \($0)" } ?? "the default workspace")"
                + (also.map { "; \($0)" } ?? ""),
            hint: (meant.map { "\($0); if the name is right and " } ?? "if ") + check
                + "; if there is nothing to replace yet: `\(command.forFirstKey(named: base))`")
    }
}

extension Key {
    /// What people know a key by: its hash, its mask, its age, its use and its limit.
    func portrait(at now: Date) -> String {
        let days = Int(now.timeIntervalSince(createdAt) / 86400)
        let age = days < 1 ? "made today" : days == 1 ? "1 day old" : "\(days) days old"
        let use =
            switch lastUsedAt {
            case .at(let date): "last used at \(date.rfc3339)"
            case .never: "no use recorded"
            case .unreported: "last use not reported"
            }
        let allowance = limit.map { "limit \($0.text) USD" + (limitReset.map { " \($0)" } ?? "") } ?? "no limit"
        let mask = label == name ? "" : "\(label), "
        return "\(name) (\(hash.short)): \(mask)\(disabled ? "disabled, " : "")\(age), \(use), \(allowance)"
    }

    /// In what a successor that inherits from the one would differ from one that inherits from the other.
    fileprivate func difference(from other: Key, _ wanted: Plan.Successor) -> String? {
        if wanted.limit == .inherit || wanted.limit == .remaining, limit?.decimal != other.limit?.decimal {
            return "limit"
        }
        if wanted.limitReset == .inherit, limitReset != other.limitReset { return "limit's reset" }
        if creatorUserID != other.creatorUserID { return "owner" }
        return workspaceID == other.workspaceID ? nil : "workspace"
    }
}

extension StepError {
    fileprivate init(_ mistake: Plan.LineageMistake, _ options: CreateStep.Options) {
        switch mistake {
        case .unknownHash:
            let what =
                switch options.plan.predecessor {
                case .environment(let variable): "is the one in \(variable)"
                case .hash(let hash): "has the hash \(hash)"
                case .name, .none: "has the predecessor's hash"
                }
            self.init(
                .failed, "no key in this account \(what)",
                hint:
                    "check it, and which account the management key belongs to; its name finds the key that is in use: "
                    + options.command.replacing(.name("NAME")))
        case .otherBase(let base):
            self.init(
                .unacceptable, "the successor would have another base name than its predecessor \(base)",
                hint: "leave --name out; it is for the first key of a lineage (--predecessor none)")
        }
    }
}
