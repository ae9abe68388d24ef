import FoundationEssentials
import OpenRouter
import Rotation
import Secrets

extension CreateStep {
    /// Goes on with a handoff that has no successor yet.
    func resume(_ state: State) throws(StepError) {
        let header = state.header
        let survey = try Survey.take(
            api, stage.client, workspace: header.workspace, named: state.minted.last?.hash)
        let now = survey.date ?? stage.clock.now
        let predecessor = try predecessor(of: header, survey)
        // The keys that this rotation set out to delete must not win against its own.
        for key in survey.keys where state.abandoned.contains(key.hash) {
            try discard(key, because: "it was minted and never handed out")
        }
        if let minted = state.minted.last {
            guard let key = survey.named else {
                try recordStray(minted.hash, minted.name, because: "it does not exist any more")
                return try resume(try stage.state())
            }
            let detail = State.Successor.detail(
                hash: minted.hash, digest: minted.digest, name: minted.name, label: minted.label,
                createdAt: minted.createdAt, publishBy: minted.publishBy)
            guard key.keyName.isMinting else { return try recordCreated(key, detail) }
            let settings = try Settings(header.plan.successor, like: predecessor, now: now)
            return try activate(key, header, settings: settings, detail: detail)
        }
        try refuseForeignSuccessor(survey, header)
        try discardUnactivated(header, names: state.intended)
        let name = try Self.mintingName(header.base, RotationID(at: now), now)
        try stage.record(intent(name.description))
        try mint(header, like: predecessor, name: name, now: now)
    }

    /// The key whose settings are inherited. Without it a key without a limit might be made, or one in another account.
    private func predecessor(of header: RotationHeader, _ survey: Survey) throws(StepError) -> Key? {
        guard let reference = header.predecessors.last else { return nil }
        guard let key = survey.keys.first(where: { $0.hash == reference.hash }) else {
            throw StepError(
                .failed, "the predecessor \(reference.name) (\(reference.hash.short)) does not exist at OpenRouter",
                hint: "the management key may be another account's; if the predecessor is gone, begin anew: another "
                    + "--handoff, --supersede")
        }
        return key
    }

    /// Another run with a copy of this handoff may have got further; its key's plaintext is in its handoff only.
    private func refuseForeignSuccessor(_ survey: Survey, _ header: RotationHeader) throws(StepError) {
        let activated = survey.keys.first { key in
            let name = KeyName(parsing: key.name)
            return name.base == header.base && name.rotation?.id == header.id.description && !name.isMinting
        }
        guard let activated else { return }
        throw StepError(
            .notYet, "another run of this rotation has created \(activated.name)",
            hint: "go on with that run's handoff; if it is lost, begin anew: another --handoff, --supersede",
            isWorthWaiting: false)
    }
}
