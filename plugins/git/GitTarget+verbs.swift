import FoundationEssentials
import Git
import JSON
import PublisherPlugin
import Secrets
import Sodium

extension GitTarget {
    /// Does all of publishing but the commit, with a value that is made up, and asks whether a push would be heard.
    func check() throws(PublisherError) -> PublisherAnswer {
        let remote = settings.remote
        let base = try remote.base.flatMap { name throws(PublisherError) in try fetch(name) }
        guard let tip = try fetch(remote.branch) ?? base else {
            throw PublisherError(
                .notFound, "the repository has no branch \(remote.base ?? remote.branch)",
                hint: "make it, or say with 'base' which branch it is to be made from", field: "with.branch")
        }
        let file = try file(at: tip)
        let copy = try repositoryFile(file, at: tip)
        let opened = try open(copy, on: remote.branch)
        _ = try judge(opened, at: tip)
        _ = try write(Secret("ork-check-\(UUID().uuidString)"), into: copy, opened)
        if let signer = settings.commit.signer { _ = try signer.sign(Array("ork-check\n".utf8), work) }
        do { try repository.checkPush(to: remote.remote) } catch { throw PublisherError(error) }
        let isSealed = if case .sealed = opened { true } else { false }
        let notes = [
            "would commit \(settings.place.description) to \(remote.branch)",
            file == nil ? "the file is made" : nil, remote.base != nil ? "made from \(remote.base ?? "")" : nil,
            isSealed ? "what it holds cannot be decrypted here, so it is not compared" : nil,
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
        if !isOurs, GitLibrary.canFetchNewestOnly { _ = try fetch(branch, history: true) }
        guard let digest = isOurs ? request.digest : try digestByHistory(at: tip) else {
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
