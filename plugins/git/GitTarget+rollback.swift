import Git
import PublisherKit
import Secrets
import Sodium
import TargetDocuments

extension GitTarget {
    /// How many earlier states of the file are decrypted at most.
    private static let mostOpened = 20

    /// The value in the newest state of the file that held it.
    func earlierValue(_ start: Workplace.Start) throws(PublisherError) -> Secret {
        for bytes in try earlierFiles(start) {
            let file = RepositoryFile(bytes: bytes, rules: nil, stage: workplace.stage, work: workplace.work)
            // What cannot be decrypted any more does not help, and another state may.
            guard case .plaintext(_, let value?) = try? settings.file.open(file),
                let key = request.digest.key(in: value)
            else { continue }
            return key
        }
        throw PublisherError(
            .notFound,
            "the earlier value of \(settings.place.description) is not known: no commit on \(start.name) that can be decrypted here holds it",
            hint: "write it there by hand if somebody has it", field: "with.path")
    }

    /// What the file was, the newest first. A commit of ours that says it wrote another key at our place is passed over.
    private func earlierFiles(_ start: Workplace.Start) throws(PublisherError) -> [[UInt8]] {
        try withHistory(of: start.tip, on: start.name) { whole throws(GitError) in
            var commits: [ObjectID] = []
            try whole.changes(of: settings.place.path, from: start.tip, atMost: Self.historyLimit) { change in
                let written = change.trailers.digest(at: settings.place)
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
