import FoundationEssentials
import OpenRouter
import Rotation
import Secrets

extension CreateStep {
    /// Which keys the rotation is about.
    struct Choice {
        var base: String
        var workspace: String?
        /// The oldest first; the settings are inherited from the last.
        var predecessors: [Key]
        /// Keys that bear the mark `minting` and that nobody will activate.
        var abandoned: [Key]
    }

    /// Finds the lineage and its one live key. More than one, or one that still soaks, means that another rotation
    /// is under way or was lost; `--supersede` takes them all into this one.
    func chooseLineage(_ survey: Survey, now: Date) throws(StepError) -> Choice {
        let base = try base(survey)
        let lineage = Lineage(base: base, among: survey.keys)
        let live = lineage.live(at: now)
        // A key that bears no mark was disabled by somebody's hand and is their business.
        let soaking = lineage.soaking(at: now).filter { $0.keyName.disabledAt != nil }
        let abandoned = try abandoned(lineage, now: now)
        var choice = Choice(base: base, workspace: order.plan.workspace, predecessors: live, abandoned: abandoned)
        choice.workspace = choice.workspace ?? survey.named?.workspaceID ?? live.last?.workspaceID
        if let key = survey.named, !live.contains(where: { $0.hash == key.hash }) {
            throw StepError(
                .failed, "the key \(key.name) (\(key.hash.short)) is disabled, has expired or is not activated",
                hint: "name the key that is in use")
        }
        if order.supersedes {
            choice.predecessors = soaking + live
            try refuseMissing(choice)
            return choice
        }
        let inTheWay = soaking + (order.plan.predecessor == .none ? live : Array(live.dropLast()))
        guard inTheWay.isEmpty else {
            throw StepError(
                .notYet,
                "another rotation of \(base) is under way or was lost: "
                    + (soaking + live).map {
                        "\($0.name) (\($0.hash.short)\($0.disabled ? ", disabled" : ""))"
                    }
                    .joined(separator: ", "),
                hint: "finish it with its handoff, or take all of these keys into this rotation with --supersede",
                isWorthWaiting: false)
        }
        try refuseMissing(choice)
        return choice
    }

    /// A mistyped name, or another account's management key, would make a key that replaces nothing and has no limit.
    private func refuseMissing(_ choice: Choice) throws(StepError) {
        guard order.plan.predecessor != .none, choice.predecessors.isEmpty else { return }
        throw StepError(
            .failed, "there is no live key named \(choice.base) in this workspace",
            hint: "check the name, the workspace and whose management key this is; "
                + "for the first key of a lineage say --predecessor none")
    }

    private func base(_ survey: Survey) throws(StepError) -> String {
        let name = order.plan.successor.name
        switch order.plan.predecessor {
        case .name(let predecessor): return try sameBase(KeyName(parsing: predecessor).base, as: name)
        case .none: return name ?? order.name.description
        case .hash, .environment:
            guard let key = survey.named else {
                throw StepError(
                    .failed, "OpenRouter has no key with the hash of the predecessor",
                    hint: "the management key may be another account's, or the key is gone; --predecessor name=… finds "
                        + "it by name")
            }
            return try sameBase(KeyName(parsing: key.name).base, as: name)
        }
    }

    /// A lineage is found by its base name, so a successor keeps its predecessor's.
    private func sameBase(_ base: String, as name: String?) throws(StepError) -> String {
        guard let name, name != base else { return base }
        throw StepError(
            .unacceptable, "the successor would have another base name than its predecessor \(base)",
            hint: "leave --name out; it is for the first key of a lineage (--predecessor none)")
    }

    /// Minting keys that may be deleted: ours by `--supersede`, or older than any run of `ork-create`.
    private func abandoned(_ lineage: Lineage, now: Date) throws(StepError) -> [Key] {
        let young = lineage.minting.filter { now.timeIntervalSince($0.createdAt) < Self.mintingLimit }
        guard young.isEmpty || order.supersedes else {
            let comeBack = young.map { $0.createdAt.addingTimeInterval(Self.mintingLimit) }.max()
            throw StepError(
                .notYet, "another ork-create is minting \(young[0].name)",
                hint: "wait for it; if it is dead, go on with its handoff, with --supersede, or come back in an hour",
                comeBackAt: comeBack)
        }
        return lineage.minting
    }
}
