import Git
import PublisherKit
import Secrets
import Sodium
import TargetDocuments

extension GitTarget {
    /// Commits the earlier value at its place, in the file as it is today: what others have changed since then stays.
    func rollback() throws(PublisherError) -> PublisherAnswer {
        if let secret = request.secret { return try publish(secret) }
        let start: Start
        do { start = try self.start() } catch { throw PublisherError(error) }
        let file = try file(at: start.tip)
        let opened = try open(try repositoryFile(file, at: start.tip), at: start.tip, on: start.name)
        // What may not be written is told as such before anything is looked for.
        let judgement = try judge(opened, at: start.tip, on: start.name)
        if judgement == .nothing { try requireCreation(of: file, on: start.name) }
        if case .successor(let isSeen) = judgement, let file {
            return answer(.unchanged, file, at: start.tip, isSeen: isSeen)
        }
        return try publish(try earlierValue(start))
    }

    /// How many earlier states of the file are decrypted at most.
    private static let mostOpened = 20

    /// The value in the newest state of the file that held it.
    private func earlierValue(_ start: Start) throws(PublisherError) -> Secret {
        for bytes in try earlierFiles(start) {
            let file = RepositoryFile(bytes: bytes, rules: nil, stage: stage, work: work)
            // What cannot be decrypted any more does not help, and another state may.
            guard case .plaintext(_, let value?) = try? settings.file.open(file), Digest(of: value) == request.digest
            else { continue }
            return value
        }
        throw PublisherError(
            .notFound,
            "the earlier value of \(settings.place.description) is not known: no commit on \(start.name) that can be decrypted here holds it",
            hint: "write it there by hand if somebody has it", field: "with.path")
    }

    /// What the file was, the newest first. A commit of ours that says it wrote another key at our place is passed over.
    private func earlierFiles(_ start: Start) throws(PublisherError) -> [[UInt8]] {
        try withHistory(of: start.tip, on: start.name) { whole throws(GitError) in
            var commits: [ObjectID] = []
            try whole.changes(of: settings.place.path, from: start.tip, atMost: Self.historyLimit) { change in
                let written = change.trailers.digest(at: settings.place.name)
                if written == nil || written == request.digest { commits.append(change.commit) }
                return commits.count == Self.mostOpened
            }
            var files: [[UInt8]] = []
            for commit in commits {
                if let file = try whole.file(settings.place.path, at: commit) { files.append(file.bytes) }
            }
            return files
        }
    }
}
