import FoundationEssentials
import Git
import JSON
import PublisherKit
import Secrets
import Sodium
import TargetDocuments

/// One value in one file of one branch.
struct GitTarget {
    let settings: GitSettings
    let request: PublisherRequest
    let workplace: Workplace
    /// Whether the target is given back an earlier key.
    let isRollback: Bool

    /// The file at a commit.
    func file(at tip: ObjectID) throws(PublisherError) -> GitFile? {
        let path = settings.place.path
        do throws(GitError) {
            guard let file = try workplace.repository.file(path, at: tip) else { return nil }
            guard file.mode != .link else {
                throw GitError(
                    .invalid, "\(path) is a symbolic link in the repository", hint: "name the file that it leads to")
            }
            return file
        } catch {
            throw PublisherError(error, about: "with.path")
        }
    }

    /// Decrypts what can be decrypted, of a file that is encrypted for nobody but those who are known to be meant.
    func open(
        _ file: RepositoryFile, at tip: ObjectID, on branch: String
    ) throws(PublisherError) -> OpenedFile {
        try settings.file.checkReaders(of: file) { () throws(PublisherError) in
            try ownVersions(at: tip, of: branch)
        }
        return try settings.file.open(file)
    }

    /// The file with what belongs to it in the same commit.
    func repositoryFile(_ bytes: [UInt8]?, at tip: ObjectID) throws(PublisherError) -> RepositoryFile {
        let folders = settings.place.path.split(separator: "/").dropLast()
        var rules: (path: String, bytes: [UInt8])?
        for count in (0...folders.count).reversed() where rules == nil {
            let path = folders.prefix(count).map { "\($0)/" }.joined() + ".sops.yaml"
            do { rules = try workplace.repository.file(path, at: tip).map { (path, $0.bytes) } } catch {
                throw PublisherError(error)
            }
        }
        return RepositoryFile(bytes: bytes, rules: rules, stage: workplace.stage, work: workplace.work)
    }
}

extension GitTarget {
    /// Does all of publishing but the commit, with a value that is made up, and asks whether a push would be heard.
    func check() throws(PublisherError) -> PublisherAnswer {
        let start: Workplace.Start
        do { start = try workplace.start() } catch { throw PublisherError(error) }
        let file = try file(at: start.tip)
        let copy = try repositoryFile(file?.bytes, at: start.tip)
        let opened = try open(copy, at: start.tip, on: start.name)
        let isMade = try judge(opened, file?.bytes, at: start.tip, on: start.name) == .nothing
        if isMade { try requireCreation(isFileThere: file != nil, on: start.name) }
        _ = try write(Secret("ork-check-\(UUID().uuidString)"), into: copy, opened)
        if let signer = settings.commit.signer { _ = try signer.sign(Array("ork-check\n".utf8), workplace.work) }
        do { try workplace.checkPush() } catch { throw PublisherError(error) }
        let isSealed = if case .sealed = opened { true } else { false }
        let notes = [
            "would commit \(settings.place.description) to \(settings.remote.branch)",
            isMade ? request.noteOfMaking(absence(isFileThere: file != nil, on: start.name)) : nil,
            start.branch == nil ? "made from \(start.name)" : nil,
            isSealed ? "it cannot be decrypted here, and is compared by its history" : nil,
        ]
        return PublisherAnswer(.ready, message: notes.compactMap(\.self).joined(separator: "; "))
    }

    /// Reads the file where its consumers do: on `base`, if the branch is to be merged there.
    func verify() throws(PublisherError) -> PublisherAnswer {
        let branch = settings.remote.base ?? settings.remote.branch
        let newest: ObjectID?
        do { newest = try workplace.fetch(branch) } catch { throw PublisherError(error) }
        guard let tip = newest, let file = try file(at: tip) else { return PublisherAnswer(.absent) }
        switch try open(try repositoryFile(file.bytes, at: tip), at: tip, on: branch) {
        case .missing: return PublisherAnswer(.absent)
        case .plaintext(_, let value):
            switch request.compare(held: value) {
            case .nothing: return PublisherAnswer(.absent)
            case .same: return PublisherAnswer(.match)
            case .expected, .other: return mismatch(branch)
            }
        case .sealed:
            return try verifySealed(file, at: tip, branch)
        }
    }

    /// Only the file that ork committed, byte for byte, is known to hold the key. What a commit says of another one is
    /// enough to hold up, and never to go on.
    private func verifySealed(
        _ file: GitFile, at tip: ObjectID, _ branch: String
    ) throws(PublisherError) -> PublisherAnswer {
        let path = settings.place.path
        if request.receipt?["blob"]?.string == file.id.description {
            return PublisherAnswer(
                .match, message: "\(path) on \(branch) is as ork committed it; it cannot be decrypted here")
        }
        guard let digest = try digestByHistory(at: tip, of: branch) else {
            return PublisherAnswer(
                .unverifiable, message: "\(path) cannot be decrypted here, and somebody else has written it")
        }
        guard request.compare(held: digest) == .same else { return mismatch(branch) }
        return PublisherAnswer(
            .unverifiable,
            message: "\(path) cannot be decrypted here, and only a commit says that it holds the key; "
                + "`ork-publish --accept-target \(request.target)` writes it again")
    }

    private func mismatch(_ branch: String) -> PublisherAnswer {
        let merge = settings.remote.base.map { "; it is when \(settings.remote.branch) is merged into \($0)" } ?? ""
        return PublisherAnswer(
            .mismatch, message: "\(settings.place.path) on \(branch) is not what this rotation wrote\(merge)")
    }
}
