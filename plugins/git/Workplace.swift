import FoundationEssentials
import Git
import PublisherKit

/// The repository on this machine in which the work at one remote is done, for as many targets as there are.
final class Workplace {
    let remote: RemoteSettings
    let work: Work
    let stage: Stage
    let repository: BareRepository
    /// What the server was asked and has answered.
    private var tips: [String: Result<ObjectID?, GitError>] = [:]
    private var histories: [String: Result<ObjectID?, GitError>] = [:]
    private var push: Result<Void, GitError>?

    /// What is left of a deadline for the way back.
    private static let margin: TimeInterval = 1

    /// Makes an empty repository for the work on `count` targets; nothing is asked of the server yet. `checkout` is one on
    /// this machine whose objects may be used.
    init(
        _ remote: RemoteSettings, checkout: String?, environment: [String: String], deadline: Date, for count: Int
    ) throws(PublisherError) {
        self.remote = remote
        work = Work(environment: environment, deadline: deadline.addingTimeInterval(-Self.margin), shares: count)
        stage = try Stage()
        do {
            if let file = remote.authorities { try GitLibrary.trust(authorities: file) }
            // Each is a limit where libgit2 has one; the deadline of the process holds in any case.
            let rest = Duration.seconds(max(1, Int(work.deadline.timeIntervalSinceNow)))
            try GitLibrary.limit(connect: rest, answer: rest)
            let repository = try BareRepository(at: stage.newFolder("git"))
            if remote.remote.address.transport != .local, let path = checkout, let lender = try Alternate(path) {
                try repository.borrow(from: lender)
            }
            self.repository = repository
        } catch {
            throw PublisherError(error)
        }
    }

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
        var base: ObjectID?
        if let name = remote.base {
            base = try fetch(name)
            guard base != nil else { throw .noBranch(name) }
        }
        if let branch = try fetch(remote.branch) {
            return Start(branch: branch, base: base, tip: branch, name: remote.branch)
        }
        guard let tip = base, let name = remote.base else { throw .noBranch(remote.branch) }
        return Start(branch: nil, base: tip, tip: tip, name: name)
    }

    /// Fetches the newest commit of a branch, once; `nil` if there is no such branch.
    func fetch(_ branch: String) throws(GitError) -> ObjectID? {
        if let known = tips[branch] { return try known.get() }
        let answer = Result { () throws(GitError) in try repository.fetch(branch, from: remote.remote) }
        tips[branch] = answer
        return try answer.get()
    }

    /// Fetches the newest commit of a branch with so many before it, once.
    func fetchHistory(_ branch: String, depth: Int) throws(GitError) -> ObjectID? {
        if let known = histories[branch] { return try known.get() }
        let answer = Result { () throws(GitError) in
            try repository.fetch(branch, from: remote.remote, depth: depth)
        }
        histories[branch] = answer
        return try answer.get()
    }

    /// Asks the server whether it would talk about a push, once.
    func checkPush() throws(GitError) {
        let answer = push ?? Result { () throws(GitError) in try repository.checkPush(to: remote.remote) }
        push = answer
        try answer.get()
    }

    /// Has the server asked again for what it may have changed.
    func forget() { (tips, histories) = ([:], [:]) }
}

extension GitError {
    fileprivate static func noBranch(_ name: String) -> GitError {
        GitError(
            .noBranch, "the repository has no branch \(name)",
            hint: "make it, or say with 'base' which branch it is to be made from")
    }
}
