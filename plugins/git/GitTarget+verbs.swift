import FoundationEssentials
import Git
import JSON
import PublisherPlugin
import Secrets
import Sodium
import TargetDocuments

extension GitTarget {
    /// Does all of publishing but the commit, with a value that is made up, and asks whether a push would be heard.
    func check() throws(PublisherError) -> PublisherAnswer {
        let start: Start
        do { start = try self.start() } catch { throw PublisherError(error) }
        let file = try file(at: start.tip)
        let copy = try repositoryFile(file, at: start.tip)
        let opened = try open(copy, on: start.name)
        _ = try judge(opened, at: start.tip, on: start.name)
        _ = try write(Secret("ork-check-\(UUID().uuidString)"), into: copy, opened)
        if let signer = settings.commit.signer { _ = try signer.sign(Array("ork-check\n".utf8), work) }
        do { try repository.checkPush(to: settings.remote.remote) } catch { throw PublisherError(error) }
        let isSealed = if case .sealed = opened { true } else { false }
        let notes = [
            "would commit \(settings.place.description) to \(settings.remote.branch)",
            file == nil ? "the file is made" : nil, start.branch == nil ? "made from \(start.name)" : nil,
            isSealed ? "it cannot be decrypted here, and is compared by its history" : nil,
        ]
        return PublisherAnswer(.ready, message: notes.compactMap(\.self).joined(separator: "; "))
    }

    /// Reads the file where its consumers do: on `base`, if the branch is to be merged there.
    func verify() throws(PublisherError) -> PublisherAnswer {
        let branch = settings.remote.base ?? settings.remote.branch
        guard let tip = try fetch(branch), let file = try file(at: tip) else { return PublisherAnswer(.absent) }
        switch try settings.file.open(try repositoryFile(file, at: tip)) {
        case .missing, .plaintext(_, value: nil): return PublisherAnswer(.absent)
        case .plaintext(_, let value?):
            return Digest(of: value) == request.digest ? PublisherAnswer(.match) : mismatch(branch)
        case .sealed:
            return try verifySealed(file, at: tip, branch)
        }
    }

    /// It is the file that ork committed, byte for byte, or a commit says whose digest it wrote.
    private func verifySealed(
        _ file: GitFile, at tip: ObjectID, _ branch: String
    ) throws(PublisherError) -> PublisherAnswer {
        let isOurs = request.receipt?["blob"]?.string == file.id.description
        guard let digest = isOurs ? request.digest : try digestByHistory(at: tip, of: branch) else {
            return PublisherAnswer(
                .unverifiable,
                message: "\(settings.place.path) cannot be decrypted here, and somebody else has written it")
        }
        guard digest == request.digest else { return mismatch(branch) }
        return PublisherAnswer(
            .match, message: "\(settings.place.path) on \(branch) is as ork committed it; it cannot be decrypted here")
    }

    private func mismatch(_ branch: String) -> PublisherAnswer {
        let merge = settings.remote.base.map { "; it is when \(settings.remote.branch) is merged into \($0)" } ?? ""
        return PublisherAnswer(
            .mismatch, message: "\(settings.place.path) on \(branch) is not what this rotation wrote\(merge)")
    }
}
