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

    /// How far a history is looked through for what an earlier run has done.
    private static let historyLimit = 5000

    /// Tells what the file holds, and refuses to let a value go that this rotation does not know.
    func judge(_ opened: OpenedFile, at tip: ObjectID) throws(PublisherError) -> Judgement {
        switch opened {
        case .missing, .plaintext(_, value: nil): return .replaceable
        case .plaintext(_, let value?):
            let digest = Digest(of: value)
            if digest == request.digest { return .successor }
            guard request.expect?.contains(digest) ?? true else {
                throw PublisherError(
                    .conflict, "\(settings.place.description) holds a value that this rotation does not know",
                    hint: "look whether branch, path and name are right and whether another rotation writes there",
                    field: settings.place.name == nil ? "with.path" : "with.name")
            }
            return .replaceable
        case .sealed: return try judgeHistory(at: tip)
        }
    }

    /// The trailers of the commits that changed the file tell whose value it holds.
    private func judgeHistory(at tip: ObjectID) throws(PublisherError) -> Judgement {
        let (newest, ours) = try changes(at: tip)
        if let ours, ours == newest { return .successor }
        guard request.expect != nil else { return .replaceable }
        if let later = newest.flatMap(rotation), let own = RotationTime(request.rotation), later.isLater(than: own) {
            throw PublisherError(
                .conflict, "\(settings.place.path) was written by a later rotation (\(later.text))",
                hint: "finish that one", field: "with.path")
        }
        guard ours == nil else {
            throw PublisherError(
                .conflict, "\(settings.place.path) was changed by somebody else after this rotation had written it",
                hint:
                    "look at its history (commit \(newest?.commit.description ?? "")); the value cannot be compared here",
                field: "with.path")
        }
        return .replaceable
    }

    /// The newest change of the file, and the one that this operation made.
    func changes(at tip: ObjectID) throws(PublisherError) -> (newest: FileChange?, ours: FileChange?) {
        var newest: FileChange?
        var ours: FileChange?
        let operation = GitTrailer(key: CommitSettings.operation, value: request.operation)
        do {
            try repository.changes(of: settings.place.path, from: tip, atMost: Self.historyLimit) { change in
                newest = newest ?? change
                if change.trailers.contains(operation) { ours = change }
                return ours != nil
            }
        } catch {
            throw PublisherError(error)
        }
        return (newest, ours)
    }

    private func rotation(_ change: FileChange) -> RotationTime? {
        change.trailers.first { $0.key == CommitSettings.rotation }.flatMap { RotationTime($0.value) }
    }
}
