import FoundationEssentials
import JSON
import OpenRouter
import Rotation
import Secrets
import Sodium
import Timestamps

extension CreateStep {
    /// Mints a key that may spend nothing, records it durably, and activates it.
    func mint(_ header: RotationHeader, like predecessor: Key?, name: KeyName, now: Date) throws(StepError) {
        let settings = try Settings(header.plan.successor, like: predecessor, now: now)
        let created: CreatedKey
        do {
            created = try stage.client.send(api.createKey(settings.new(name, workspace: header.workspace))).value
        } catch {
            guard error.mayHaveArrived else { throw StepError(error) }
            return try settleLostReply(header, settings: settings, name: name, error)
        }
        try accept(created, header, settings: settings, name: name)
    }

    /// The reply of the POST was lost: a key of this name is ours, nobody has its plaintext, and it goes.
    private func settleLostReply(
        _ header: RotationHeader, settings: Settings, name: KeyName, _ error: OpenRouterError
    ) throws(StepError) {
        stage.tell(.warning("no answer to the minting (\(error.message)); looking whether the key was made"))
        try discardUnactivated(header, names: [name.description])
        stage.clock.sleep(until: stage.clock.now.addingTimeInterval(Double(header.plan.publish.settle.seconds)))
        try discardUnactivated(header, names: [name.description])
        throw StepError(
            .unreachable, "the minting had no answer (\(error.message)); what it may have left is deleted",
            hint: "run ork-create again with the same handoff")
    }

    private func accept(
        _ created: CreatedKey, _ header: RotationHeader, settings: Settings, name: KeyName
    ) throws(StepError) {
        let key = created.key
        let digest = Digest(of: created.secret)
        if let deviation = settings.deviation(ofMinted: key, name: name) {
            try discard(key, because: "OpenRouter did not apply its settings")
            throw StepError(
                .failed, "OpenRouter minted the key with another \(deviation) than asked for; it is deleted again",
                hint: "the account may not allow this setting; change it under successor")
        }
        if key.hash != KeyHash(documentedFor: digest) {
            stage.tell(.warning("OpenRouter's hash is not the SHA-256 of the key; ork goes on with both"))
        }
        let publishBy = key.createdAt.addingTimeInterval(Double(header.plan.publish.publishBy.seconds))
        let detail = State.Successor.detail(
            hash: key.hash, digest: digest, name: name.activated().description, label: key.label,
            createdAt: key.createdAt, publishBy: publishBy)
        let boxes = try asStepError { try stage.trust.recipients.map { try SealedSecret(created.secret, to: $0) } }
        try stage.record(
            Entry(.create, .minted, message: "minted \(key.label), which may not spend yet", detail: detail),
            sealed: boxes)
        try activate(key, header, settings: settings, detail: detail)
    }

    /// Of two creators the one whose key was made first goes on; then name and limit are set in one call.
    func activate(
        _ key: Key, _ header: RotationHeader, settings: Settings, detail: JSONObject
    ) throws(StepError) {
        try yieldToEarlierCreator(key, header)
        let name = KeyName(parsing: key.name).activated()
        let active = try asStepError {
            try stage.client.send(api.updateKey(key.hash, settings.activation(name))).value
        }
        guard let active else {
            try recordStray(key, because: "somebody deleted it before it was activated")
            throw StepError(
                .notYet, "the new key was deleted by another run before it was activated",
                hint: "let the other run go on, or run ork-create again")
        }
        guard settings.deviation(ofActive: active, name: name) == nil else {
            throw StepError(
                .failed, "OpenRouter did not activate \(name) as asked for",
                hint: "run ork-create again with the same handoff")
        }
        try recordCreated(active, detail)
    }

    /// A key that bears no mark any more may be in use: only the record of its activation is missing.
    private func recordCreated(_ key: Key, _ detail: JSONObject) throws(StepError) {
        let name = key.keyName.with(disabledAt: nil)
        try stage.record(Entry(.create, .created, message: "created \(name)", detail: detail))
        stage.tell(.done("created \(name) (\(key.label))"))
    }

    private func yieldToEarlierCreator(_ key: Key, _ header: RotationHeader) throws(StepError) {
        var keys: [Key] = []
        var date: Date?
        repeat {
            let page = try asStepError {
                try stage.client.send(api.listKeys(workspace: header.workspace, offset: keys.count))
            }
            keys += page.value
            date = page.date
            guard page.value.count == ManagementAPI.pageSize else { break }
        } while true
        let known = Set(header.predecessors.map(\.hash) + [key.hash])
        let now = date ?? stage.clock.now
        let lineage = Lineage(base: header.base, among: keys.filter { !known.contains($0.hash) })
        // A key that is live already has won, even if both bear the same moment.
        let earlier = lineage.minting.filter {
            ($0.createdAt, $0.hash.description) < (key.createdAt, key.hash.description)
        }
        for rival in lineage.live(at: now) + earlier {
            if rival.keyName.isMinting, now.timeIntervalSince(rival.createdAt) >= Self.mintingLimit {
                try discard(rival, because: "it was minted and never handed out")
                continue
            }
            try discard(key, because: "\(rival.name) was created first")
            throw StepError(
                .notYet, "another rotation of \(header.base) created \(rival.name) first; this one's key is deleted",
                hint: "let the other rotation go on", isWorthWaiting: false)
        }
    }

    /// Goes on with a handoff that has no successor yet.
    func resume(_ state: State) throws(StepError) {
        let header = state.header
        let survey = try Survey.take(
            api, stage.client, workspace: header.workspace, named: state.minted.last?.hash)
        let now = survey.date ?? stage.clock.now
        let predecessor = try predecessor(of: header, survey)
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
        let name = try Self.mintingName(header.base, header.id, now)
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

    static func mintingName(_ base: String, _ id: RotationID, _ now: Date) throws(StepError) -> KeyName {
        guard let rotation = KeyName.Rotation(date: String(now.rfc3339.prefix(10)), id: id.description) else {
            throw StepError(.failed, "the date cannot be written into a key's name", hint: "check this machine's clock")
        }
        return KeyName(base: base, rotation: rotation, isMinting: true)
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

    /// Deletes keys that bear one of these names, which only an unanswered POST of ours can have given them.
    private func discardUnactivated(_ header: RotationHeader, names: [String]) throws(StepError) {
        var offset = 0
        while true {
            let page = try asStepError {
                try stage.client.send(api.listKeys(workspace: header.workspace, offset: offset)).value
            }
            for key in page where names.contains(key.name) {
                try discard(key, because: "the answer to its minting was lost")
            }
            guard page.count == ManagementAPI.pageSize else { return }
            offset += page.count
        }
    }

    func discard(_ key: Key, because reason: String) throws(StepError) {
        _ = try asStepError { try stage.client.send(api.deleteKey(key.hash)) }
        try recordStray(key, because: reason)
    }

    private func recordStray(_ key: Key, because reason: String) throws(StepError) {
        try recordStray(key.hash, key.name, because: reason)
    }

    private func recordStray(_ hash: KeyHash, _ name: String, because reason: String) throws(StepError) {
        stage.tell(.warning("\(name) (\(hash.short)) is deleted: \(reason)"))
        try stage.record(
            Entry(
                .create, .stray, message: "deleted \(name): \(reason)", detail: ["hash": .string(hash.description)]))
    }
}
