import Git

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
