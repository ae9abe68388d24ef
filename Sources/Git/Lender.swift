import CGit2

/// A repository on this machine whose objects another one may use: a pipeline's checkout.
package struct Lender: Sendable {
    /// The folder of its objects.
    let objects: String
    /// The commits that its branches are at. All that they are made of is there.
    let commits: [ObjectID]

    /// Looks at the repository that `path` is in; `nil` if its history is cut off, as that of a shallow checkout: what is
    /// missing there would be missed when pushing.
    ///
    /// Errors are of code `noLender` and `storage`.
    package init?(_ path: String) throws(GitError) {
        try GitLibrary.start()
        var opened: OpaquePointer?
        let status = unsafe git_repository_open_ext(&opened, path, 0, nil)
        guard status == 0, let repository = unsafe opened else {
            throw GitError(
                .noLender, "there is no repository at \(path) that can be used",
                hint: "name the folder of a whole clone, or leave it out"
            )
        }
        defer { unsafe git_repository_free(repository) }
        guard unsafe git_repository_is_shallow(repository) == 0 else { return nil }
        guard let folder = unsafe git_repository_commondir(repository) else { throw .storage(-1) }
        objects = unsafe String(cString: folder) + "objects"
        commits = unsafe try Self.commits(of: repository)
    }

    private static func commits(of repository: OpaquePointer) throws(GitError) -> [ObjectID] {
        var names = unsafe git_strarray()
        let status = unsafe git_reference_list(&names, repository)
        guard status == 0 else { throw .storage(status) }
        defer { unsafe git_strarray_dispose(&names) }
        var commits: Set<ObjectID> = []
        let all = unsafe (0..<names.count).compactMap { unsafe names.strings?[$0] }.map { unsafe String(cString: $0) }
        for name in all + ["HEAD"] where name == "HEAD" || !name.hasPrefix("refs/tags/") {
            var id = git_oid()
            if unsafe git_reference_name_to_id(&id, repository, name) == 0 { commits.insert(ObjectID(id)) }
        }
        return Array(commits)
    }
}

extension BareRepository {
    /// Looks for objects in another repository too, so that they need not be fetched, and keeps references to its commits,
    /// so that a server hears of them.
    package func borrow(from lender: Lender) throws(GitError) {
        var database: OpaquePointer?
        let status = unsafe git_repository_odb(&database, pointer)
        defer { unsafe git_odb_free(database) }
        guard status == 0, let database = unsafe database else { throw .storage(status) }
        let added = unsafe git_odb_add_disk_alternate(database, lender.objects)
        guard added == 0 else { throw .storage(added) }
        for commit in lender.commits { try keep(commit, as: "refs/ork/borrowed/\(commit)") }
    }

    /// Names a commit that is here, whatever had the name before.
    func keep(_ commit: ObjectID, as name: String) throws(GitError) {
        var reference: OpaquePointer?
        var id = commit.raw
        let status = unsafe git_reference_create(&reference, pointer, name, &id, 1, nil)
        unsafe git_reference_free(reference)
        guard status == 0 else { throw status == GIT_ENOTFOUND.rawValue ? .noCommit(commit) : .storage(status) }
    }
}
