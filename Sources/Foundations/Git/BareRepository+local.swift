import CGit2
import Glibc

/// Pushing to a repository on this machine.
///
/// libgit2's own transport for paths compares the branch while it negotiates and writes it later without comparing: what
/// others push between the two is lost. Here the objects are copied first, and then the branch moves under the lock that
/// git itself takes, if it is still where it was.
extension BareRepository {
    func pushLocally(
        _ commit: ObjectID, to branch: String, replacing old: ObjectID?, at remote: GitRemote
    ) throws(GitError) -> PushOutcome {
        let place = remote.address.place
        return unsafe try withObject { (repository) in
            unsafe git_repository_open(&repository, remote.address.path)
        } free: {
            unsafe git_repository_free($0)
        } or: { _ in
            GitError(.notFound, "there is no repository at \(place)", hint: "check the address")
        } _: { (repository) throws(GitError) in
            guard unsafe git_repository_is_bare(repository) == 1 else {
                throw GitError(
                    .invalid, "\(place) has a work tree, and a push would leave that behind",
                    hint: "name a bare repository, as 'git init --bare' makes it")
            }
            do throws(GitError) {
                unsafe try copy(commit, into: repository)
                return unsafe try Self.move("refs/heads/\(branch)", from: old, to: commit, in: repository)
            } catch {
                guard error.code == .storage else { throw error }
                throw GitError(
                    .remoteStorage, "\(place) could not keep what was sent",
                    hint: "check that this user may write there, and that its disk has space")
            }
        }
    }

    /// Writes a pack of what the other repository does not have yet.
    private func copy(_ commit: ObjectID, into repository: OpaquePointer) throws(GitError) {
        guard let folder = unsafe git_repository_commondir(repository) else { throw .storage(-1) }
        let packs = unsafe String(cString: folder) + "objects/pack"
        let known = unsafe try Alternate.commits(of: repository)
        unsafe try withObject { (walk) in
            unsafe git_revwalk_new(&walk, pointer)
        } free: {
            unsafe git_revwalk_free($0)
        } _: { (walk) throws(GitError) in
            var id = commit.raw
            try Self.check(unsafe git_revwalk_push(walk, &id))
            for commit in known {
                var id = commit.raw
                // What is not here cannot be an ancestor either.
                _ = unsafe git_revwalk_hide(walk, &id)
            }
            unsafe try withObject { (builder) in
                unsafe git_packbuilder_new(&builder, pointer)
            } free: {
                unsafe git_packbuilder_free($0)
            } _: { (builder) throws(GitError) in
                try Self.check(unsafe git_packbuilder_insert_walk(builder, walk))
                guard unsafe git_packbuilder_object_count(builder) > 0 else { return }
                try Self.check(unsafe git_packbuilder_write(builder, packs, 0, nil, nil))
            }
        }
    }

    /// Compares and swaps a branch under its lock, `NAME.lock`.
    private static func move(
        _ name: String, from old: ObjectID?, to new: ObjectID, in repository: OpaquePointer
    ) throws(GitError) -> PushOutcome {
        var transaction: OpaquePointer?
        try check(unsafe git_transaction_new(&transaction, repository))
        defer { unsafe git_transaction_free(transaction) }
        guard let transaction = unsafe transaction else { throw .storage(-1) }
        let locked = unsafe lock(name, transaction)
        if locked == GIT_ELOCKED.rawValue { return .moved }
        try check(locked)
        var reference: OpaquePointer?
        let found = unsafe git_reference_lookup(&reference, repository, name)
        defer { unsafe git_reference_free(reference) }
        if found != GIT_ENOTFOUND.rawValue {
            try check(found)
            guard let target = unsafe git_reference_target(reference) else {
                return .refused("the branch is a symbolic reference")
            }
            guard unsafe ObjectID(target.pointee) == old else { return .moved }
        } else {
            guard old == nil else { return .moved }
            guard unsafe try isFree(name, in: repository) else { return .refused("a branch of that folder exists") }
        }
        var id = new.raw
        try check(unsafe git_transaction_set_target(transaction, name, &id, nil, "push"))
        try check(unsafe git_transaction_commit(transaction))
        return .done
    }

    /// Waits for another writer as long as git does by default (`core.filesRefLockTimeout`, 100 ms).
    private static func lock(_ name: String, _ transaction: OpaquePointer) -> Int32 {
        for _ in 0..<20 {
            let status = unsafe git_transaction_lock_ref(transaction, name)
            guard status == GIT_ELOCKED.rawValue else { return status }
            usleep(5_000)
        }
        return GIT_ELOCKED.rawValue
    }

    /// Whether no other reference is a folder of this one, or lies in it.
    private static func isFree(_ name: String, in repository: OpaquePointer) throws(GitError) -> Bool {
        var names = unsafe git_strarray()
        try check(unsafe git_reference_list(&names, repository))
        defer { unsafe git_strarray_dispose(&names) }
        let others = unsafe (0..<names.count).compactMap { unsafe names.strings?[$0] }.map {
            unsafe String(cString: $0)
        }
        return !others.contains { $0.hasPrefix(name + "/") || name.hasPrefix($0 + "/") }
    }

    private static func check(_ status: Int32) throws(GitError) {
        guard status == 0 else { throw .storage(status) }
    }
}
