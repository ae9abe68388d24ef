import Git
import PublisherKit
import Secrets
import Sodium
import TargetDocuments

extension GitTarget {
    /// What the file holds, as far as this rotation is concerned.
    enum Judgement: Equatable {
        case successor
        /// A predecessor, or what cannot be compared and that nobody else has written since.
        case replaceable
        case nothing
    }

    /// How far a history is looked through.
    static let historyLimit = 5000

    /// Tells what the file holds, and refuses to let a value go that this rotation does not know.
    func judge(
        _ opened: OpenedFile, _ bytes: [UInt8]?, at tip: ObjectID, on branch: String
    ) throws(PublisherError) -> Judgement {
        switch opened {
        case .missing: return try judge(request.compare(held: Secret?.none))
        case .plaintext(_, let value): return try judge(request.compare(held: value))
        case .sealed: return try judgeHistory(try history(at: tip, of: branch), bytes ?? [])
        }
    }

    /// Refuses to make what nobody said was to be made, in a file that `isFileThere` or not.
    func requireCreation(isFileThere: Bool, on branch: String) throws(PublisherError) {
        let refusal = request.refusalToMake(
            absence(isFileThere: isFileThere, on: branch), field: isFileThere ? settings.place.field : "with.path")
        if let refusal { throw refusal }
    }

    func absence(isFileThere: Bool, on branch: String) -> String {
        isFileThere
            ? "no value at \(settings.place.description) on \(branch)" : "no file \(settings.place.path) on \(branch)"
    }

    private func judge(_ comparison: Comparison) throws(PublisherError) -> Judgement {
        switch comparison {
        case .same: return .successor
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
    private func judgeHistory(_ history: History, _ bytes: [UInt8]) throws(PublisherError) -> Judgement {
        guard let newest = history.newest else { return .replaceable }
        if history.digest == request.digest {
            // Without proof it is only said: an amended commit, and one that somebody else has made, say the same of
            // another file. One commit more does no harm.
            let proof = request.secret.map { CommitProof(of: $0, at: settings.place, in: bytes) }
            guard let proof, proof == newest.trailers.proof(at: settings.place) else { return .replaceable }
            return try judge(request.compare(held: request.digest))
        }
        guard request.expect != nil else { return .replaceable }
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
                $0.digest(at: settings.place).map(keys.contains) ?? false
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
            let now = try workplace.fetchHistory(branch, depth: Self.historyLimit + 100)
            guard let now, try workplace.repository.isAncestor(tip, of: now, within: Self.historyLimit) else {
                throw GitError(
                    .interrupted, "\(branch) was rewound or replaced while its history was read",
                    hint: "find out who force-pushes to it, then run the step again")
            }
            return try body(workplace.repository)
        } catch {
            throw PublisherError(error)
        }
    }

    private func history(at tip: ObjectID, in repository: borrowing BareRepository) throws(GitError) -> History {
        var history = History()
        try repository.changes(of: settings.place.path, from: tip, atMost: Self.historyLimit) { change in
            let digest = change.trailers.digest(at: settings.place)
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
    /// Whose digest the commit says that it wrote there.
    func digest(at place: ValuePlace) -> Digest? {
        part(of: place)?.trailer(CommitSettings.digest).flatMap { Digest($0) }
    }

    fileprivate func proof(at place: ValuePlace) -> CommitProof? {
        part(of: place)?.trailer(CommitSettings.proof).map { CommitProof($0) }
    }

    /// What is about this place. Where a commit wrote several values, the trailers of each begin with its path.
    private func part(of place: ValuePlace) -> ArraySlice<GitTrailer>? {
        let paths = filter { $0.key == CommitSettings.path }.map(\.value)
        var parts = split(omittingEmptySubsequences: false) { $0.key == CommitSettings.path }
        if !paths.isEmpty { parts = zip(paths, parts.dropFirst()).filter { $0.0 == place.path }.map(\.1) }
        return parts.last { $0.names(place) }
    }

    fileprivate var rotation: String? { self[...].trailer(CommitSettings.rotation) }
}

extension ArraySlice<GitTrailer> {
    fileprivate func trailer(_ key: String) -> String? { last { $0.key == key }?.value }

    fileprivate func names(_ place: ValuePlace) -> Bool { trailer(CommitSettings.name) == place.name }
}
