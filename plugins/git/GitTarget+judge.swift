import Git
import PublisherKit
import Secrets
import Sodium
import TargetDocuments

extension GitTarget {
    /// What the file holds, as far as this rotation is concerned.
    enum Judgement: Equatable {
        /// `isSeen` is false where only a commit says so: whoever amends it, or pushes one like it, says the same of
        /// another file.
        case successor(isSeen: Bool)
        /// A predecessor, or what cannot be compared and that nobody else has written since.
        case replaceable
        case nothing
    }

    /// How far a history is looked through.
    static let historyLimit = 5000

    /// Tells what the file holds, and refuses to let a value go that this rotation does not know.
    func judge(
        _ opened: OpenedFile, at tip: ObjectID, on branch: String
    ) throws(PublisherError) -> Judgement {
        switch opened {
        case .missing: return try judge(request.compare(held: Secret?.none))
        case .plaintext(_, let value): return try judge(request.compare(held: value))
        case .sealed: return try judgeHistory(try history(at: tip, of: branch))
        }
    }

    /// Refuses to make what nobody said was to be made. `file` is the one on the branch, without the value.
    func requireCreation(of file: GitFile?, on branch: String) throws(PublisherError) {
        let refusal = request.refusalToMake(
            absence(of: file, on: branch), field: file == nil ? "with.path" : settings.place.field)
        if let refusal { throw refusal }
    }

    func absence(of file: GitFile?, on branch: String) -> String {
        file == nil
            ? "no file \(settings.place.path) on \(branch)" : "no value at \(settings.place.description) on \(branch)"
    }

    private func judge(_ comparison: Comparison) throws(PublisherError) -> Judgement {
        switch comparison {
        case .same: return .successor(isSeen: true)
        case .nothing: return .nothing
        case .expected: return .replaceable
        case .other:
            throw PublisherError(
                .conflict, "\(settings.place.description) holds a value that this rotation does not know",
                hint: "check that branch, path and name are right",
                field: settings.place.field)
        }
    }

    /// Where the file cannot be decrypted, the commits that changed it tell whose value it holds.
    private func judgeHistory(_ history: History) throws(PublisherError) -> Judgement {
        guard request.expect != nil, let newest = history.newest else { return .replaceable }
        if history.digest == request.digest { return .successor(isSeen: false) }
        if let later = newest.trailers.rotation, request.isOlder(than: later) {
            throw PublisherError(
                .conflict, "\(settings.place.path) was written by a later rotation (\(later))",
                hint: "finish that one", field: "with.path")
        }
        if let digest = history.digest { return try judge(request.compare(held: digest)) }
        guard !history.hasOurs else {
            throw PublisherError(
                .conflict, "\(settings.place.path) was changed by somebody else after this rotation had written it",
                hint: "look at commit \(newest.commit); what it wrote cannot be compared here", field: "with.path")
        }
        return .replaceable
    }

    /// What the commits of a branch say of the file.
    private struct History {
        var newest: FileChange?
        /// The digest that the newest change says it wrote at our place; `nil` if it says nothing of that.
        var digest: Digest?
        /// Whether a key was written by this rotation, now or before that.
        var hasOurs = false
    }

    private func history(at tip: ObjectID, of branch: String) throws(PublisherError) -> History {
        try withHistory(of: tip, on: branch) { whole throws(GitError) in try history(at: tip, in: whole) }
    }

    /// The file as it is in the commits that say they wrote a key of this rotation at our place.
    func ownVersions(at tip: ObjectID, of branch: String) throws(PublisherError) -> [OwnVersion] {
        guard let keys = request.expect, !keys.isEmpty else { return [] }
        return try withHistory(of: tip, on: branch) { whole throws(GitError) in
            let changes = try whole.allChanges(of: settings.place.path, from: tip, atMost: Self.historyLimit) {
                $0.digest(at: settings.place.name).map(keys.contains) ?? false
            }
            var versions: [OwnVersion] = []
            for change in changes {
                guard let file = try whole.file(settings.place.path, at: change.commit) else { continue }
                versions.append(OwnVersion(commit: change.commit.description, bytes: file.bytes))
            }
            return versions
        }
    }

    /// Runs `body` when the history of a commit of a branch is here, as far as it is looked through.
    func withHistory<Value>(
        of tip: ObjectID, on branch: String, _ body: (borrowing BareRepository) throws(GitError) -> Value
    ) throws(PublisherError) -> Value {
        do throws(GitError) {
            // Some more, for what has come on top since the branch was looked at.
            let now = try repository.fetch(branch, from: settings.remote.remote, depth: Self.historyLimit + 100)
            guard let now, try repository.isAncestor(tip, of: now, within: Self.historyLimit) else {
                throw GitError(
                    .interrupted, "\(branch) was rewound or replaced while its history was read",
                    hint: "find out who force-pushes to it, then run the step again")
            }
            return try body(repository)
        } catch {
            throw PublisherError(error)
        }
    }

    private func history(at tip: ObjectID, in repository: borrowing BareRepository) throws(GitError) -> History {
        var history = History()
        try repository.changes(of: settings.place.path, from: tip, atMost: Self.historyLimit) { change in
            let digest = change.trailers.digest(at: settings.place.name)
            if history.newest == nil {
                history.newest = change
                history.digest = digest
            }
            history.hasOurs = digest.map(isOurs) ?? false
            // What a commit of ours says of the place decides; only others make it worth to look further.
            return history.hasOurs || history.digest != nil
        }
        return history
    }

    /// Whether this rotation has written the key of this digest.
    private func isOurs(_ digest: Digest) -> Bool {
        digest == request.digest || isRollback && request.expect?.contains(digest) == true
    }

    /// The digest that the newest change of the file bears; `nil` if it is not about our place.
    func digestByHistory(at tip: ObjectID, of branch: String) throws(PublisherError) -> Digest? {
        try history(at: tip, of: branch).digest
    }
}

extension [GitTrailer] {
    /// Whose digest the commit says that it wrote at this name. A file may hold more values, each with a commit of its
    /// own.
    func digest(at name: String?) -> Digest? {
        guard trailer(CommitSettings.name) == name else { return nil }
        return trailer(CommitSettings.digest).flatMap { Digest($0) }
    }

    fileprivate var rotation: String? { trailer(CommitSettings.rotation) }

    private func trailer(_ key: String) -> String? { last { $0.key == key }?.value }
}
