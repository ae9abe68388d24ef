import FoundationEssentials
import Git
import JSON
import PublisherKit
import Secrets
import Sodium
import TargetDocuments

/// One value in one file of one branch, and the repository on this machine in which the work is done.
final class GitTarget {
    let settings: GitSettings
    let request: PublisherRequest
    let work: Work
    let stage: Stage
    let repository: BareRepository
    /// Whether the target is given back an earlier key.
    let isRollback: Bool

    /// What is left of a deadline for the way back.
    private static let margin: TimeInterval = 1

    /// Makes an empty repository for the work; nothing is asked of the server yet.
    init(
        _ request: PublisherRequest, environment: [String: String], isRollback: Bool = false
    ) throws(PublisherError) {
        self.request = request
        self.isRollback = isRollback
        settings = try GitSettings(request, environment: environment, isRollback: isRollback)
        work = Work(environment: environment, deadline: request.deadline.addingTimeInterval(-Self.margin))
        stage = try Stage()
        do {
            if let file = settings.remote.authorities { try GitLibrary.trust(authorities: file) }
            // Each is a limit where libgit2 has one; the deadline of the process holds in any case.
            let rest = Duration.seconds(max(1, Int(work.deadline.timeIntervalSinceNow)))
            try GitLibrary.limit(connect: rest, answer: rest)
            let repository = try BareRepository(at: stage.newFolder("git"))
            if settings.remote.remote.address.transport != .local, let path = settings.checkout,
                let lender = try Alternate(path)
            {
                try repository.borrow(from: lender)
            }
            self.repository = repository
        } catch {
            throw PublisherError(error)
        }
    }

    /// Fetches the newest commit of a branch; `nil` if there is no such branch.
    func fetch(_ branch: String) throws(PublisherError) -> ObjectID? {
        do { return try repository.fetch(branch, from: settings.remote.remote) } catch {
            throw PublisherError(error)
        }
    }

    /// The file at a commit.
    func file(at tip: ObjectID) throws(PublisherError) -> GitFile? {
        let path = settings.place.path
        do throws(GitError) {
            guard let file = try repository.file(path, at: tip) else { return nil }
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
    func repositoryFile(_ file: GitFile?, at tip: ObjectID) throws(PublisherError) -> RepositoryFile {
        let folders = settings.place.path.split(separator: "/").dropLast()
        var rules: (path: String, bytes: [UInt8])?
        for count in (0...folders.count).reversed() where rules == nil {
            let path = folders.prefix(count).map { "\($0)/" }.joined() + ".sops.yaml"
            do { rules = try repository.file(path, at: tip).map { (path, $0.bytes) } } catch {
                throw PublisherError(error)
            }
        }
        return RepositoryFile(bytes: file?.bytes, rules: rules, stage: stage, work: work)
    }
}

extension GitTarget {
    /// The commits that a new one is made on.
    struct Start {
        /// What the branch is at; `nil` if it has to be made.
        let branch: ObjectID?
        let base: ObjectID?
        /// The newest commit, and the branch that it is on.
        let tip: ObjectID
        let name: String
    }

    /// Fetches what there is. Errors are those of the server, and `noBranch`.
    func start() throws(GitError) -> Start {
        let remote = settings.remote
        var base: ObjectID?
        if let name = remote.base {
            base = try repository.fetch(name, from: remote.remote)
            guard base != nil else { throw .noBranch(name) }
        }
        if let branch = try repository.fetch(remote.branch, from: remote.remote) {
            return Start(branch: branch, base: base, tip: branch, name: remote.branch)
        }
        guard let tip = base, let name = remote.base else { throw .noBranch(remote.branch) }
        return Start(branch: nil, base: tip, tip: tip, name: name)
    }
}

extension GitError {
    fileprivate static func noBranch(_ name: String) -> GitError {
        GitError(
            .noBranch, "the repository has no branch \(name)",
            hint: "make it, or say with 'base' which branch it is to be made from")
    }
}

extension GitTarget {
    /// Does all of publishing but the commit, with a value that is made up, and asks whether a push would be heard.
    func check() throws(PublisherError) -> PublisherAnswer {
        let start: Start
        do { start = try self.start() } catch { throw PublisherError(error) }
        let file = try file(at: start.tip)
        let copy = try repositoryFile(file, at: start.tip)
        let opened = try open(copy, at: start.tip, on: start.name)
        let isMade = try judge(opened, at: start.tip, on: start.name) == .nothing
        if isMade { try requireCreation(of: file, on: start.name) }
        _ = try write(Secret("ork-check-\(UUID().uuidString)"), into: copy, opened)
        if let signer = settings.commit.signer { _ = try signer.sign(Array("ork-check\n".utf8), work) }
        do { try repository.checkPush(to: settings.remote.remote) } catch { throw PublisherError(error) }
        let isSealed = if case .sealed = opened { true } else { false }
        let notes = [
            "would commit \(settings.place.description) to \(settings.remote.branch)",
            isMade ? request.noteOfMaking(absence(of: file, on: start.name)) : nil,
            start.branch == nil ? "made from \(start.name)" : nil,
            isSealed ? "it cannot be decrypted here, and is compared by its history" : nil,
        ]
        return PublisherAnswer(.ready, message: notes.compactMap(\.self).joined(separator: "; "))
    }

    /// Reads the file where its consumers do: on `base`, if the branch is to be merged there.
    func verify() throws(PublisherError) -> PublisherAnswer {
        let branch = settings.remote.base ?? settings.remote.branch
        guard let tip = try fetch(branch), let file = try file(at: tip) else { return PublisherAnswer(.absent) }
        switch try open(try repositoryFile(file, at: tip), at: tip, on: branch) {
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
