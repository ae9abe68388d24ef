import CGit2
import FoundationEssentials
import Glibc

/// A repository on this machine as a remote.
///
/// libgit2's own transport for paths compares the branch while it negotiates and writes it later without comparing: what
/// others push between the two is lost. Here the objects are copied first, and then the branch moves under the lock that
/// git itself takes, if it is still where it was.
extension BareRepository {
    /// The commit that a branch is at. Where `borrowing`, its objects are looked for over there from now on, so that there
    /// is nothing to fetch.
    func localTip(
        of branch: String, at remote: GitRemote, borrowing: Bool = false
    ) throws(GitError) -> ObjectID? {
        unsafe try Self.withRepository(remote) { repository throws(GitError) in
            var id = git_oid()
            let status = unsafe git_reference_name_to_id(&id, repository, "refs/heads/\(branch)")
            if status == GIT_ENOTFOUND.rawValue { return nil }
            try Self.check(status)
            if borrowing, !has(ObjectID(id)) { try borrow(objects: unsafe Alternate.objects(of: repository)) }
            return ObjectID(id)
        }
    }

    /// Refuses what a push could not go to.
    func checkLocalPush(to remote: GitRemote) throws(GitError) {
        unsafe try Self.withBareRepository(remote) { repository throws(GitError) in
            let folder = unsafe Alternate.folder(of: repository)
            guard ["objects", "refs"].allSatisfy({ unsafe access(folder + $0, W_OK) == 0 }) else {
                throw GitError(
                    .denied, "\(remote.address.place) cannot be written by this user",
                    hint: "let this user write there, or name the repository by ssh")
            }
        }
    }

    func pushLocally(
        _ commit: ObjectID, to branch: String, replacing old: ObjectID?, at remote: GitRemote
    ) throws(GitError) -> PushOutcome {
        let place = remote.address.place
        return unsafe try Self.withBareRepository(remote) { repository throws(GitError) in
            do throws(GitError) {
                try GitLibrary.writeThrough()
                unsafe try copy(commit, into: repository)
                return unsafe try Self.move("refs/heads/\(branch)", from: old, to: commit, in: repository, place)
            } catch {
                guard error.code == .storage else { throw error }
                throw GitError(
                    .remoteStorage, "\(place) could not keep what was sent",
                    hint: "check that this user may write there, and that its disk has space")
            }
        }
    }

    /// Writes what the commit is made of and its parent is not; what others look for in a folder of objects comes last.
    private func copy(_ commit: ObjectID, into repository: OpaquePointer) throws(GitError) {
        unsafe try Self.withDatabase(of: repository) { theirs throws(GitError) in
            unsafe try Self.withDatabase(of: pointer) { ours throws(GitError) in
                try forEachNewObject(of: commit) { id throws(GitError) in
                    var name = id.raw
                    unsafe try withObject { (object) in
                        unsafe git_odb_read(&object, ours, &name)
                    } free: {
                        unsafe git_odb_object_free($0)
                    } _: { (object) throws(GitError) in
                        let (bytes, count) = unsafe (git_odb_object_data(object), git_odb_object_size(object))
                        try Self.check(
                            unsafe git_odb_write(&name, theirs, bytes, count, git_odb_object_type(object)))
                    }
                }
            }
        }
    }

    /// Compares and swaps a branch under its lock, `NAME.lock`.
    private static func move(
        _ name: String, from old: ObjectID?, to new: ObjectID, in repository: OpaquePointer, _ place: String
    ) throws(GitError) -> PushOutcome {
        var transaction: OpaquePointer?
        try check(unsafe git_transaction_new(&transaction, repository))
        defer { unsafe git_transaction_free(transaction) }
        guard let transaction = unsafe transaction else { throw .storage(-1) }
        let locked = unsafe lock(name, transaction)
        guard locked != GIT_ELOCKED.rawValue else {
            throw GitError(
                .unreachable, "\(place) is locked: \(name).lock is there",
                hint: "try again; if nobody writes there, a program has left that file behind, and it can be deleted")
        }
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
        let status = unsafe git_transaction_commit(transaction)
        guard status == 0 else {
            throw GitError(
                .interrupted, "\(place) did not finish moving the branch (libgit2 \(status))",
                hint: "look at the branch, then try again")
        }
        return .done
    }

    /// Waits a second for another writer.
    private static func lock(_ name: String, _ transaction: OpaquePointer) -> Int32 {
        for _ in 0..<200 {
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

extension BareRepository {
    private static func withBareRepository<Value>(
        _ remote: GitRemote, _ body: (OpaquePointer) throws(GitError) -> Value
    ) throws(GitError) -> Value {
        unsafe try withRepository(remote) { repository throws(GitError) in
            guard unsafe git_repository_is_bare(repository) == 1 else {
                throw GitError(
                    .invalid, "\(remote.address.place) has a work tree, and a push would leave that behind",
                    hint: "name a bare repository, as 'git init --bare' makes it")
            }
            return unsafe try body(repository)
        }
    }

    private static func withRepository<Value>(
        _ remote: GitRemote, _ body: (OpaquePointer) throws(GitError) -> Value
    ) throws(GitError) -> Value {
        var repository: OpaquePointer?
        let status = unsafe git_repository_open(&repository, remote.address.path)
        defer { unsafe git_repository_free(repository) }
        guard status == 0, let repository = unsafe repository else {
            throw .notOpened(status, remote.address.place)
        }
        return unsafe try body(repository)
    }
}

extension GitError {
    /// A repository on this machine that libgit2 does not open.
    fileprivate static func notOpened(_ status: Int32, _ place: String) -> GitError {
        if isForeign(status) {
            return GitError(
                .denied, "\(place) belongs to another user, and git does not open such a repository",
                hint: "run this as its owner, or name the repository by ssh")
        }
        return status == GIT_ENOTFOUND.rawValue
            ? GitError(.notFound, "there is no repository at \(place)", hint: "check the address")
            : GitError(
                .invalid, "\(place) is not a repository that libgit2 \(LIBGIT2_VERSION) can open (\(status))",
                hint:
                    "if it has a newer format, such as reftable, use its ssh address; if not, check it with 'git fsck'"
            )
    }

    /// Whether a repository was not opened because of its owner. libgit2 1.5 only says that it has not found an exception.
    static func isForeign(_ status: Int32) -> Bool {
        let text = unsafe (git_error_last()?.pointee.message).map { unsafe String(cString: $0) } ?? ""
        return status == GIT_EOWNER.rawValue || status == GIT_ENOTFOUND.rawValue && text.contains("safe.directory")
    }
}
