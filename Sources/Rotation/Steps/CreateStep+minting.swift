import FoundationEssentials
import JSON
import OpenRouter
import PublisherKit
import Rotation
import Secrets
import Sodium
import Timestamps

extension CreateStep {
    /// Mints a key that may spend nothing, records it durably, and activates it.
    func mint(
        _ header: RotationHeader, like predecessor: Key?, _ references: SuccessorReferences, name: KeyName, now: Date
    ) throws(StepError) {
        let settings = SuccessorSettings(header.plan.successor, like: predecessor, now: now)
        try refuseNothingLeft(settings, header.plan.successor, now: now)
        let created: CreatedKey
        do {
            created = try account.client.send(
                account.api.createKey(settings.new(name, workspace: header.workspace))
            ).value
        } catch {
            guard error.mayHaveArrived else { throw StepError(error) }
            return try settleLostReply(header, name: name, error)
        }
        try accept(created, header, settings: settings, references, name: name)
    }

    /// A key that began with nothing left could serve nobody.
    func refuseNothingLeft(_ settings: SuccessorSettings, _ plan: Plan.Successor, now: Date) throws(StepError) {
        guard plan.limit == .remaining, let left = settings.limit?.decimal, left <= 0 else { return }
        let afresh = "`\(options.command.with("limit", "inherit"))` begins with the whole limit"
        guard let turn = settings.limitReset.flatMap(Plan.LimitReset.init)?.turn(after: now) else {
            throw StepError(
                .failed, "the predecessor has used up its limit, and nothing of it remains for the successor",
                hint: afresh, isRetryable: false)
        }
        throw StepError(
            .notYet, "the predecessor has used up its limit until \(turn.rfc3339): nothing remains for the successor",
            hint: "come back then, or \(afresh)", retryAt: turn)
    }

    /// The reply of the POST was lost: a key of this name is ours, nobody has its plaintext, and it goes.
    private func settleLostReply(
        _ header: RotationHeader, name: KeyName, _ error: OpenRouterError
    ) throws(StepError) {
        context.tell(.warning("no answer to the minting (\(error.message)); checking whether the key was made"))
        try discardUnactivated(header, names: [name.description])
        context.wait(
            for: "what a lost answer may have made to be listed",
            until: context.clock.now.addingTimeInterval(Double(header.plan.publish.settle.seconds)))
        try discardUnactivated(header, names: [name.description])
        throw StepError(
            .unreachable, "the minting had no answer (\(error.message)); what it may have left is deleted",
            hint: again)
    }

    /// What is said where this very run has to be tried once more.
    private var again: String { "`\(options.command)` goes on with the same handoff" }

    private func accept(
        _ created: CreatedKey, _ header: RotationHeader, settings: SuccessorSettings,
        _ references: SuccessorReferences, name: KeyName
    ) throws(StepError) {
        let key = created.key
        let digest = Digest(of: created.secret)
        if let deviation = settings.deviation(ofMinted: key, name: name) {
            // Made by this very run, which alone has its plaintext: whatever it may spend, nobody was given it.
            _ = try account.send { $0.deleteKey(key.hash) }
            try recordStray(key, because: "OpenRouter did not apply its settings")
            throw StepError(
                .failed, "OpenRouter minted the key with another \(deviation) than asked for; it is deleted again",
                hint:
                    "the account may not allow this setting: change it, in \(options.command.file ?? "the flags"), and "
                    + "begin another rotation: `\(options.command.anew)`")
        }
        if key.hash != KeyHash(documentedFor: digest) {
            context.tell(.warning("OpenRouter's hash is not the SHA-256 of the key; ork continues with both"))
        }
        let publishBy = key.createdAt.addingTimeInterval(Double(header.plan.publish.publishBy.seconds))
        let detail = State.Successor.detail(
            hash: key.hash, digest: digest, name: Self.activeName(name, header).description, label: key.label,
            createdAt: key.createdAt, publishBy: publishBy)
        var boxes: [SealedSecret] = []
        var kept: [SealedSecret] = []
        do {
            for recipient in context.trust.recipients { boxes.append(try SealedSecret(created.secret, to: recipient)) }
            if header.plan.keepsPredecessor, let predecessor = options.predecessor {
                for keeper in context.trust.keepers {
                    kept.append(try SealedSecret(predecessor, of: .predecessor, to: keeper))
                }
            }
        } catch { throw StepError(error) }
        try context.record(
            Entry(.create, .minted, message: "minted \(key.label), which may not spend yet", detail: detail),
            sealed: boxes, kept: kept)
        try activate(key, header, settings: settings, references, detail: detail)
    }

    /// Of several creators one continues; what names the predecessors gets to name the key; then name and limit are set in
    /// one call.
    func activate(
        _ key: Key, _ header: RotationHeader, settings: SuccessorSettings, _ references: SuccessorReferences,
        detail: JSONObject
    ) throws(StepError) {
        let look = account.client.read(
            references.carried, account.api, with: account.api.listKeys(workspace: header.workspace))
        try yieldToOtherCreator(key, header, listed: look.other)
        let lists = try attach(key, to: references.carried, from: look.lists)
        let name = Self.activeName(KeyName(parsing: key.name), header)
        // One more look at the lists costs no time, and finds who has overwritten them a moment ago.
        let last = account.client.read(
            lists, account.api, with: account.api.updateKey(key.hash, settings.activation(name)))
        guard let active = try last.other.answer().value else {
            try recordStray(key, because: "somebody deleted it before it was activated")
            throw StepError(
                .notYet, "the new key was deleted by another run before it was activated",
                hint: "let the other run finish; if there is none, \(again)")
        }
        guard settings.deviation(ofActive: active, name: name) == nil else {
            throw StepError(
                .failed, "OpenRouter did not activate \(name) as asked for", hint: again)
        }
        _ = try attach(key, to: lists, from: last.lists)
        try recordCreated(active, detail, settings.allowance)
    }

    /// A key that bears no mark any more may be in use: only the record of its activation is missing.
    func recordCreated(_ key: Key, _ detail: JSONObject, _ allowance: Allowance?) throws(StepError) {
        let name = key.keyName.with(disabledAt: nil)
        var detail = detail
        detail["allowance"] = allowance?.json
        try context.record(Entry(.create, .created, message: "created \(name)", detail: detail))
        context.tell(.done("created \(name) (\(key.label))"))
        if let allowance {
            context.tell(.done("its limit is \(allowance.text), which `ork-retire` sees to: let it run then"))
        }
    }

    /// Each try has an ID of its own in the name of what it mints: a run with a copy of the same handoff must not take
    /// this one's key for what an earlier, dead run left.
    static func mintingName(_ base: String, _ id: RotationID, _ now: Date) throws(StepError) -> KeyName {
        guard let rotation = KeyName.Rotation(date: String(now.rfc3339.prefix(10)), id: id.description) else {
            throw StepError(.failed, "the date cannot be written into a key's name", hint: "check this machine's clock")
        }
        return KeyName(base: base, rotation: rotation, isMinting: true)
    }

    /// The name of a minted key once it may be handed out: with the ID of its rotation.
    private static func activeName(_ name: KeyName, _ header: RotationHeader) -> KeyName {
        let rotation = name.rotation.flatMap { KeyName.Rotation(date: $0.date, id: header.id.description) }
        return KeyName(base: name.base, rotation: rotation ?? name.rotation)
    }

    /// Deletes keys that bear one of these names, which only an unanswered POST of ours can have given them.
    func discardUnactivated(_ header: RotationHeader, names: [String]) throws(StepError) {
        let lineage = Lineage(base: header.base, among: try account.keys(in: header.workspace).value)
        for key in lineage.keys where names.contains(key.name) {
            try discard(key, because: "the answer to its minting was lost")
        }
    }

    /// Deletes a key that nobody was given, and tells whether it is gone. It is looked at once more directly before: its
    /// owner may have activated it since it was listed, and then it may be in use.
    ///
    /// OpenRouter cannot delete on a condition: an owner who activates between look and deletion loses the key, and
    /// `ork-publish` finds out by its probe before anybody is given it.
    @discardableResult
    func discard(_ key: Key, because reason: String) throws(StepError) -> Bool {
        if let now = try account.send({ $0.key(key.hash) }).value {
            guard now.isUnactivated else {
                context.tell(.warning("\(now.name) (\(now.hash.short)) has a limit or was used, and stays"))
                return false
            }
            try detach(now)
            _ = try account.send { $0.deleteKey(key.hash) }
        }
        try recordStray(key, because: reason)
        return true
    }

    private func recordStray(_ key: Key, because reason: String) throws(StepError) {
        try recordStray(key.hash, key.name, because: reason)
    }

    func recordStray(_ hash: KeyHash, _ name: String, because reason: String) throws(StepError) {
        context.tell(.warning("\(name) (\(hash.short)) is deleted: \(reason)"))
        try context.record(
            Entry(
                .create, .stray, message: "deleted \(name): \(reason)", detail: ["hash": .string(hash.description)]))
    }
}

extension CreateStep {
    /// How long a creator waits for another one of the same moment to give way, in seconds.
    private static let tieLimit: TimeInterval = 30

    /// Of two creators the one whose key was made first continues; of the same moment, which is a second long, the one
    /// whose key has the lower hash. The other deletes its own.
    ///
    /// Of the same moment nobody can tell who looked before the other was there, and may be handing out its key by now. So
    /// the lower hash continues only when the other key is gone: nobody ever does while a rival is in sight.
    ///
    /// `listed` is the first page of the keys, as it was read a moment ago.
    func yieldToOtherCreator(
        _ key: Key, _ header: RotationHeader, listed: Result<Dated<[Key]>, OpenRouterError>?
    ) throws(StepError) {
        let end = context.clock.now.addingTimeInterval(Self.tieLimit)
        var listed = listed
        while let rival = try rival(of: key, header, listed) {
            listed = nil
            let isTie = rival.isUnactivated && rival.createdAt == key.createdAt
            guard isTie, key.hash.description < rival.hash.description, context.clock.now < end else {
                try discard(key, because: "\(rival.name) was created first")
                throw StepError(
                    .notYet,
                    "another key of \(header.base) was created first, or at the same moment, \(rival.name) "
                        + "(\(rival.hash.short)); this run's is deleted",
                    hint: remedy(for: rival, header), isRetryable: false)
            }
            context.clock.sleep(until: context.clock.now.addingTimeInterval(1))
        }
    }

    /// What whoever gave way to this key can do.
    private func remedy(for rival: Key, _ header: RotationHeader) -> String {
        let superseding = "`\(options.command.superseding)`"
        if rival.isUnactivated {
            return
                "let the other run finish; if it was killed, \(again) an hour after it began, or leave behind what it "
                + "minted: \(superseding)"
        }
        guard rival.isOfARotation else {
            return rival.remedy(asUnknownTo: header, before: "`ork-create`", or: superseding)
        }
        return "go on with its handoff; if that is lost, take all keys into one: \(superseding)"
    }

    /// A key of somebody else's that stands before this one or beside it; one that is live has won already.
    private func rival(
        of key: Key, _ header: RotationHeader, _ first: Result<Dated<[Key]>, OpenRouterError>?
    ) throws(StepError) -> Key? {
        let listed: Dated<[Key]>
        if let page = try first?.answer() {
            listed = Dated(value: try account.keys(in: header.workspace, from: page.value), date: page.date)
        } else {
            listed = try account.keys(in: header.workspace)
        }
        let known = Set((header.predecessors + header.leaves).map(\.hash) + [key.hash])
        let now = listed.date ?? context.clock.now
        let lineage = Lineage(base: header.base, among: listed.value.filter { !known.contains($0.hash) })
        for rival in lineage.live(at: now) + lineage.minting.filter({ $0.createdAt <= key.createdAt }) {
            guard rival.isAbandoned(at: now), try discard(rival, because: "it was minted and never handed out") else {
                return rival
            }
        }
        return nil
    }
}
