import FoundationEssentials
import Git
import JSON
import PublisherKit
import Secrets
import TargetDocuments

extension GitTarget {
    /// What a look at the branch leaves to do.
    enum Preparation {
        case answer(PublisherAnswer)
        case change(CommitGroup.Written)
        /// It can be told once what others write to the same file is there.
        case later
    }

    /// Compares, and makes the file of the next commit. `staged` is what another target makes of the same file in that.
    func prepare(
        at start: Workplace.Start, over staged: [UInt8]?, _ progress: inout CommitGroup.Progress
    ) throws(PublisherError) -> Preparation {
        if let merged = try answerFromBase(start) { return .answer(merged) }
        let file = try file(at: start.tip)
        if let file, progress.pushed.contains(file.id) {
            return .answer(answer(.committed, file, at: start.tip))
        }
        let before = staged ?? file?.bytes
        if let prepared = progress.prepared, prepared.source == before { return .change(prepared.written) }
        let copy = try repositoryFile(before, at: start.tip)
        let opened = try open(copy, at: start.tip, on: start.name)
        if staged != nil, case .sealed = opened { return .later }
        let judgement = try judge(opened, before, at: start.tip, on: start.name)
        if judgement == .nothing { try requireCreation(isFileThere: before != nil, on: start.name) }
        if judgement == .successor {
            guard staged == nil, let file else { return .later }
            return .answer(answer(progress.doubt == nil ? .unchanged : .committed, file, at: start.tip))
        }
        let secret = try secret(start)
        let bytes = try write(secret, into: copy, opened)
        guard bytes != before else {
            throw PublisherError(
                .configuration, "encrypting gave the bytes that were there before",
                hint: "check whether the program really encrypts what it gets", field: "with.encrypt")
        }
        let written = CommitGroup.Written(bytes: bytes, secret: secret)
        progress.prepared = before.map { ($0, written) }
        return .change(written)
    }

    /// The key to write: that of the request, or what the target held earlier.
    private func secret(_ start: Workplace.Start) throws(PublisherError) -> Secret {
        guard isRollback, request.secret == nil else { return try request.requireSecret() }
        return try earlierValue(start)
    }

    /// Where the branch was merged, there is nothing left to commit. What is put back goes to the branch in any case, or
    /// merging it would bring the successor again.
    private func answerFromBase(_ start: Workplace.Start) throws(PublisherError) -> PublisherAnswer? {
        guard !isRollback, let base = start.base, let name = settings.remote.base, let file = try file(at: base) else {
            return nil
        }
        let opened = try open(try repositoryFile(file.bytes, at: base), at: base, on: name)
        return try judge(opened, file.bytes, at: base, on: name) == .successor
            ? answer(.unchanged, file, at: base) : nil
    }

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

    /// An answer about a file that holds the successor at a commit.
    func answer(_ outcome: PublisherOutcome, _ file: GitFile, at commit: ObjectID) -> PublisherAnswer {
        var receipt: JSONObject = [
            "remote": .string(settings.remote.address), "branch": .string(settings.remote.branch),
            "path": .string(settings.place.path), "blob": .string(file.id.description),
            "commit": .string(commit.description),
        ]
        if let base = settings.remote.base { receipt["base"] = .string(base) }
        let what = outcome == .committed ? "committed" : "found"
        let short = commit.description.prefix(12)
        return PublisherAnswer(
            outcome, receipt: receipt,
            message: "\(what) \(settings.place.description) as \(short) on \(settings.remote.branch)")
    }
}
