import FoundationEssentials
import Git
import JSON
import PublisherKit
import Secrets
import TargetDocuments

extension GitTarget {
    /// How one try ended, if it is not an error.
    private enum Try {
        case answer(PublisherAnswer)
        /// Somebody else was first; nothing was written.
        case moved(from: ObjectID?)
        /// The server did not answer. `mayHaveArrived`: perhaps after it had the commit.
        case unheard(PublisherError, mayHaveArrived: Bool)
    }

    /// What was made of a file, and holds for as long as the file is the same.
    private struct Prepared {
        let file: ObjectID
        let bytes: [UInt8]
    }

    /// What the tries of one run know of each other.
    private struct Progress {
        /// Why it is not known whether a push has arrived.
        var doubt: PublisherError?
        var prepared: Prepared?
        /// What the file was in the commits that were pushed.
        var pushed: Set<ObjectID> = []
    }

    /// Fetches, compares, commits and pushes, again and again while others are faster, up to the deadline.
    func publish(_ secret: Secret) throws(PublisherError) -> PublisherAnswer {
        var progress = Progress()
        var patience = Patience(until: work.deadline)
        while true {
            let last: PublisherError
            do throws(PublisherError) {
                switch try attempt(secret, &progress) {
                case .answer(let answer): return answer
                case .moved(let tip):
                    last = Self.overtaken(settings.remote.branch)
                    patience.note(movedFrom: tip)
                case .unheard(let error, let mayHaveArrived):
                    last = error
                    if mayHaveArrived { progress.doubt = error }
                    patience.noteSilence()
                }
            } catch {
                guard let doubt = progress.doubt else { throw error }
                return Self.unknown(doubt, then: error)
            }
            guard patience.wait() else {
                guard let doubt = progress.doubt else { throw last }
                return Self.unknown(doubt, then: last)
            }
        }
    }

    private func attempt(_ secret: Secret, _ progress: inout Progress) throws(PublisherError) -> Try {
        let start: Start
        do throws(GitError) { start = try self.start() } catch {
            guard error.isSilence else { throw PublisherError(error) }
            return .unheard(PublisherError(error), mayHaveArrived: false)
        }
        if let merged = try answerFromBase(start) { return .answer(merged) }
        let file = try file(at: start.tip)
        if let file, progress.pushed.contains(file.id) {
            return .answer(answer(.committed, file, at: start.tip, isSeen: true))
        }
        let bytes: [UInt8]
        if let prepared = progress.prepared, prepared.file == file?.id {
            bytes = prepared.bytes
        } else {
            let copy = try repositoryFile(file, at: start.tip)
            let opened = try open(copy, at: start.tip, on: start.name)
            let judgement = try judge(opened, at: start.tip, on: start.name)
            if judgement == .nothing { try requireCreation(of: file, on: start.name) }
            if let file, case .successor(let isSeen) = judgement {
                let outcome: PublisherOutcome = progress.doubt == nil ? .unchanged : .committed
                return .answer(answer(outcome, file, at: start.tip, isSeen: isSeen))
            }
            bytes = try write(secret, into: copy, opened)
            progress.prepared = file.map { Prepared(file: $0.id, bytes: bytes) }
        }
        let commit = try commit(bytes, on: start.tip)
        guard let written = try self.file(at: commit) else {
            throw PublisherError(.internal, "the commit lost the file")
        }
        progress.pushed.insert(written.id)
        return try push(commit, with: written, on: start)
    }

    /// Where the branch was merged, there is nothing left to commit. What is put back goes to the branch in any case, or
    /// merging it would bring the successor again.
    private func answerFromBase(_ start: Start) throws(PublisherError) -> PublisherAnswer? {
        guard !isRollback, let base = start.base, let name = settings.remote.base, let file = try file(at: base) else {
            return nil
        }
        let opened = try open(try repositoryFile(file, at: base), at: base, on: name)
        guard case .successor(let isSeen) = try judge(opened, at: base, on: name) else { return nil }
        return answer(.unchanged, file, at: base, isSeen: isSeen)
    }

    private func commit(_ bytes: [UInt8], on tip: ObjectID) throws(PublisherError) -> ObjectID {
        let commit: ObjectID?
        do {
            commit = try repository.commit(
                [GitChange(path: settings.place.path, bytes: bytes)], on: tip, settings.commit.commit(at: Date()),
                sign: settings.commit.signer?.sign(work))
        } catch {
            throw PublisherError(error, about: error.code == .invalid ? "with.path" : nil)
        }
        guard let commit else {
            throw PublisherError(
                .configuration, "encrypting gave the bytes that were there before",
                hint: "check whether the program really encrypts what it gets", field: "with.encrypt")
        }
        return commit
    }

    private func push(_ commit: ObjectID, with file: GitFile, on start: Start) throws(PublisherError) -> Try {
        let outcome: PushOutcome
        do {
            outcome = try repository.push(
                commit, to: settings.remote.branch, replacing: start.branch, at: settings.remote.remote)
        } catch {
            guard error.isSilence else { throw PublisherError(error) }
            return .unheard(PublisherError(error), mayHaveArrived: error.code == .interrupted)
        }
        switch outcome {
        case .done: return .answer(answer(.committed, file, at: commit, isSeen: true))
        case .moved: return .moved(from: start.branch)
        case .undone: return .unheard(Self.undone(settings.remote.branch), mayHaveArrived: true)
        case .refused(let reason):
            throw PublisherError(
                .denied, "the server does not take the commit to \(settings.remote.branch): \(reason)",
                hint: "let this identity push there, or set 'base' and open a request from a branch of its own",
                field: "with.branch")
        }
    }
}

extension GitTarget {
    private static func overtaken(_ branch: String) -> PublisherError {
        PublisherError(
            .unavailable, "the server did not move \(branch): others were faster, or it could not write",
            hint: "run the step again; look at the server if nobody else pushes there")
    }

    private static func undone(_ branch: String) -> PublisherError {
        PublisherError(
            .unavailable,
            "\(branch) took the commit and does not have it any more: somebody has rewound or replaced it",
            hint: "find out who force-pushes to it, then run the step again")
    }

    private static func unknown(_ doubt: PublisherError, then last: PublisherError) -> PublisherAnswer {
        let message = doubt.message == last.message ? doubt.message : "\(doubt.message); then \(last.message)"
        return PublisherAnswer(
            .unknown(PublisherError(last.code, message, hint: "run the step again, which looks at the branch first")))
    }
}

extension GitError {
    /// Whether the server may answer the next time.
    fileprivate var isSilence: Bool { code == .unreachable || code == .interrupted }
}

extension GitTarget {
    /// The encrypted file with the secret in it; read again before it is handed out, where that can be done here.
    func write(
        _ secret: Secret, into file: RepositoryFile, _ opened: OpenedFile
    ) throws(PublisherError) -> [UInt8] {
        let bytes = try settings.file.writing(secret, into: file, opened)
        guard !Redactor(only: secret).contains(bytes) else {
            throw PublisherError(
                .configuration,
                "\(settings.place.description) would be readable in the repository: it is not encrypted",
                hint: "look at what encrypts it; with sops, at encrypted_regex and the like in .sops.yaml",
                field: "with.encrypt")
        }
        let written = RepositoryFile(bytes: bytes, rules: file.rules, stage: file.stage, work: file.work)
        if case .plaintext(_, let value) = try settings.file.open(written), value != secret {
            throw PublisherError(
                .configuration, "\(settings.place.description) decrypts to something else than what was encrypted",
                hint: "look at the programs that encrypt and decrypt it", field: "with.encrypt")
        }
        return bytes
    }

    /// An answer about a file that holds the successor at a commit. The file itself is evidence later only if it `isSeen`
    /// to hold it, which whoever has just written it sees as well.
    func answer(
        _ outcome: PublisherOutcome, _ file: GitFile, at commit: ObjectID, isSeen: Bool
    ) -> PublisherAnswer {
        var receipt: JSONObject = [
            "remote": .string(settings.remote.address), "branch": .string(settings.remote.branch),
            "path": .string(settings.place.path), "commit": .string(commit.description),
        ]
        if isSeen { receipt["blob"] = .string(file.id.description) }
        if let base = settings.remote.base { receipt["base"] = .string(base) }
        let what = outcome == .committed ? "committed" : "found"
        let short = commit.description.prefix(12)
        return PublisherAnswer(
            outcome, receipt: receipt,
            message: "\(what) \(settings.place.description) as \(short) on \(settings.remote.branch)"
                + (isSeen ? "" : ", by the word of a commit alone: it cannot be decrypted here"))
    }
}
