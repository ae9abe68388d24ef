import Git
import JSON
import PublisherPlugin
import Secrets
import TargetDocuments

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
