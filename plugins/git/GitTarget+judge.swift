import Git
import PublisherPlugin
import Secrets
import Sodium

extension GitTarget {
    /// What the file holds, as far as this rotation is concerned.
    enum Judgement {
        case successor
        /// Nothing, a predecessor, or what cannot be compared and that nobody else has written since.
        case replaceable
    }

    /// How far a history is looked through.
    private static let historyLimit = 5000

    /// Tells what the file holds, and refuses to let a value go that this rotation does not know.
    func judge(_ opened: OpenedFile, at tip: ObjectID) throws(PublisherError) -> Judgement {
        switch opened {
        case .missing, .plaintext(_, value: nil): return .replaceable
        case .plaintext(_, let value?): return try judge(Digest(of: value))
        case .sealed: return try judgeHistory(at: tip)
        }
    }

    private func judge(_ digest: Digest) throws(PublisherError) -> Judgement {
        if digest == request.digest { return .successor }
        guard request.expect?.contains(digest) ?? true else {
            throw PublisherError(
                .conflict, "\(settings.place.description) holds a value that this rotation does not know",
                hint: "look whether branch, path and name are right and whether another rotation writes there",
                field: settings.place.name == nil ? "with.path" : "with.name")
        }
        return .replaceable
    }

    /// Where the file cannot be decrypted, the commits that changed it tell whose value it holds.
    private func judgeHistory(at tip: ObjectID) throws(PublisherError) -> Judgement {
        let history = try history(at: tip)
        if history.newest?.digest == request.digest { return .successor }
        guard request.expect != nil, let newest = history.newest else { return .replaceable }
        if let later = newest.rotation, let own = RotationTime(request.rotation), later.isLater(than: own) {
            throw PublisherError(
                .conflict, "\(settings.place.path) was written by a later rotation (\(later.text))",
                hint: "finish that one", field: "with.path")
        }
        if let digest = newest.digest { return try judge(digest) }
        guard !history.hasOurs else {
            throw PublisherError(
                .conflict, "\(settings.place.path) was changed by somebody else after this rotation had written it",
                hint: "look at commit \(newest.commit); what it wrote cannot be compared here", field: "with.path")
        }
        return .replaceable
    }

    /// The newest change of the file, and whether an earlier one wrote what this operation writes.
    private func history(at tip: ObjectID) throws(PublisherError) -> (newest: FileChange?, hasOurs: Bool) {
        var newest: FileChange?
        var hasOurs = false
        do {
            try repository.changes(of: settings.place.path, from: tip, atMost: Self.historyLimit) { change in
                newest = newest ?? change
                hasOurs = change.digest == request.digest
                // What a commit of ours says of the file decides; only others make it worth to look further.
                return hasOurs || newest?.digest != nil
            }
        } catch {
            throw PublisherError(error)
        }
        return (newest, hasOurs)
    }

    /// The digest that the newest change of the file bears; `nil` if it was not made by ork.
    func digestByHistory(at tip: ObjectID) throws(PublisherError) -> Digest? { try history(at: tip).newest?.digest }
}

extension FileChange {
    /// Whose digest the commit says that it wrote.
    fileprivate var digest: Digest? { trailer(CommitSettings.digest).flatMap { Digest($0) } }
    fileprivate var rotation: RotationTime? { trailer(CommitSettings.rotation).flatMap { RotationTime($0) } }

    private func trailer(_ key: String) -> String? { trailers.last { $0.key == key }?.value }
}
