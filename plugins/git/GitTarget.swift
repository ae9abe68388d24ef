import FoundationEssentials
import Git
import PublisherPlugin
import Secrets
import TargetDocuments

/// One value in one file of one branch, and the repository on this machine in which the work is done.
final class GitTarget {
    let settings: GitSettings
    let request: PublisherRequest
    let work: Work
    let stage: Stage
    let repository: BareRepository

    /// What is left of a deadline for the way back.
    private static let margin: TimeInterval = 1

    /// Makes an empty repository for the work; nothing is asked of the server yet.
    init(_ request: PublisherRequest, environment: [String: String]) throws(PublisherError) {
        self.request = request
        settings = try GitSettings(request, environment: environment)
        work = Work(environment: environment, deadline: request.deadline.addingTimeInterval(-Self.margin))
        stage = try Stage()
        do {
            if let file = settings.remote.authorities { try GitLibrary.trust(authorities: file) }
            // Each is a limit where libgit2 has one; the deadline of the process holds in any case.
            let rest = Duration.seconds(max(1, Int(work.deadline.timeIntervalSinceNow)))
            _ = try GitLibrary.limit(connect: rest, answer: rest)
            let repository = try BareRepository(at: stage.newFolder("git"))
            if let lender = try Self.lender(settings) { try repository.borrow(from: lender) }
            self.repository = repository
        } catch {
            throw PublisherError(error)
        }
    }

    /// A repository on this machine has all that a fetch from it would copy.
    private static func lender(_ settings: GitSettings) throws(GitError) -> Lender? {
        let address = settings.remote.remote.address
        if address.transport == .local { return try? Lender(address.place) }
        return try settings.checkout.flatMap { path throws(GitError) in try Lender(path) }
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

    /// Decrypts what can be decrypted.
    func open(_ file: RepositoryFile, on branch: String) throws(PublisherError) -> OpenedFile {
        guard file.bytes != nil || settings.create else {
            throw PublisherError(
                .notFound, "\(settings.place.path) does not exist on \(branch)",
                hint: "commit it, or leave out 'create: false'", field: "with.path")
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
