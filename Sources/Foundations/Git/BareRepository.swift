import CGit2
import FoundationEssentials
import Glibc
import Synchronization

/// A repository without a work tree on this machine, made for one piece of work: objects from a remote come into it,
/// and new ones are made in it. Whoever made its folder deletes it. Its folder is for this user alone.
@safe
package struct BareRepository: ~Copyable {
    let pointer: OpaquePointer
    /// For the library's settings; it holds the lines of `known_hosts` of an exchange.
    let home: String

    /// Makes a folder that is not there yet, for this user alone, and a repository in it.
    package init(at path: String) throws(GitError) {
        unsafe pointer = try Self.make(at: path)
        home = path + "/home"
    }

    private static func make(at path: String) throws(GitError) -> OpaquePointer {
        try GitLibrary.start()
        let folders = [path, path + "/home", path + "/home/.ssh"]
        guard folders.allSatisfy({ unsafe mkdir($0, 0o700) == 0 }) else {
            throw GitError(
                .storage, "the folder of the repository cannot be made (\(unsafe String(cString: strerror(errno))))",
                hint: "it must not be there yet, and its parent must be writable")
        }
        var made: OpaquePointer?
        let status = unsafe git_repository_init(&made, path + "/repository", 1)
        guard status == 0, let made = unsafe made else { throw .storage(status) }
        return unsafe made
    }

    deinit { unsafe git_repository_free(pointer) }

    /// Frees what `make` made, when `body` is done with it.
    func withObject<Value>(
        _ make: (inout OpaquePointer?) -> Int32, free: (OpaquePointer?) -> Void,
        or failure: (Int32) -> GitError = GitError.storage, _ body: (OpaquePointer) throws(GitError) -> Value
    ) throws(GitError) -> Value {
        var object: OpaquePointer?
        let status = unsafe make(&object)
        defer { unsafe free(object) }
        guard status == 0, let object = unsafe object else { throw failure(status) }
        return unsafe try body(object)
    }
}

extension GitError {
    /// Something with the repository on this machine.
    static func storage(_ status: Int32) -> GitError {
        GitError(
            .storage, "the repository on this machine cannot be read or written (libgit2 \(status))",
            hint: "check that the disk has space")
    }

    /// A commit that is not here.
    static func noCommit(_ id: ObjectID) -> GitError {
        GitError(.notFound, "the commit \(id) is not here", hint: "fetch the branch first")
    }
}

/// A repository on this machine whose objects another one may use: a pipeline's checkout.
package struct Alternate: Sendable {
    /// The folders of its objects: its own, and those that it uses itself.
    let objects: [String]
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
            let isForeign = GitError.isForeign(status)
            throw GitError(
                .noLender,
                isForeign
                    ? "the repository at \(path) belongs to another user, and git does not open it"
                    : "there is no repository at \(path) that can be used",
                hint: "name the folder of a whole clone\(isForeign ? " of this user" : ""), or leave it out"
            )
        }
        defer { unsafe git_repository_free(repository) }
        guard unsafe git_repository_is_shallow(repository) == 0 else { return nil }
        objects = unsafe Self.objects(of: repository)
        commits = unsafe try Self.commits(of: repository)
    }

    fileprivate static func commits(of repository: OpaquePointer) throws(GitError) -> [ObjectID] {
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

    /// The folders of a repository's objects (gitrepository-layout(5), `objects/info/alternates`); those of libgit2 follow
    /// none further.
    static func objects(of repository: OpaquePointer) -> [String] {
        var all: [String] = []
        var next = [unsafe folder(of: repository) + "objects"]
        while let folder = next.popLast(), all.count < mostFolders {
            guard !all.contains(folder) else { continue }
            all.append(folder)
            let list = FileManager.default.contents(atPath: folder + "/info/alternates").map {
                String(decoding: $0, as: UTF8.self)
            }
            next += (list ?? "").split(separator: "\n").filter { !$0.hasPrefix("#") }.map {
                $0.hasPrefix("/") ? String($0) : "\(folder)/\($0)"
            }
        }
        return all
    }

    private static let mostFolders = 100

    /// What is not of one work tree alone, with a `/` at its end.
    static func folder(of repository: OpaquePointer) -> String {
        unsafe git_repository_commondir(repository).map { unsafe String(cString: $0) } ?? ""
    }
}

extension BareRepository {
    /// Looks for objects in another repository too, so that they need not be fetched, and keeps references to its commits,
    /// so that a server hears of them.
    package func borrow(from lender: Alternate) throws(GitError) {
        try borrow(objects: lender.objects)
        for commit in lender.commits { try keep(commit, as: "refs/ork/borrowed/\(commit)") }
    }

    func borrow(objects folders: [String]) throws(GitError) {
        unsafe try Self.withDatabase(of: pointer) { database throws(GitError) in
            for folder in folders {
                let status = unsafe git_odb_add_disk_alternate(database, folder)
                guard status == 0 else { throw .storage(status) }
            }
        }
    }

    /// Whether a commit is here, or borrowed.
    func has(_ commit: ObjectID) -> Bool {
        var id = commit.raw
        return (try? unsafe Self.withDatabase(of: pointer) { unsafe git_odb_exists($0, &id) == 1 }) ?? false
    }

    /// The commits of whom was borrowed from.
    var borrowed: [ObjectID] {
        get throws(GitError) { unsafe try Alternate.commits(of: pointer) }
    }

    /// Names a commit that is here, whatever had the name before.
    private func keep(_ commit: ObjectID, as name: String) throws(GitError) {
        var reference: OpaquePointer?
        var id = commit.raw
        let status = unsafe git_reference_create(&reference, pointer, name, &id, 1, nil)
        unsafe git_reference_free(reference)
        guard status == 0 else { throw status == GIT_ENOTFOUND.rawValue ? .noCommit(commit) : .storage(status) }
    }
}

/// The one start of libgit2, and its settings, which are the process's and not a remote's.
package enum GitLibrary {
    /// Trusts the certificate authorities of this file, for the whole process, instead of the system's.
    package static func trust(authorities file: String) throws(GitError) {
        try start()
        let status = settings.withLock { _ in unsafe ork_git_set_authorities(file) }
        guard status == 0 else {
            throw GitError(
                .untrusted, "the certificate authorities cannot be read",
                hint: "check that the file is there and holds certificates in PEM form")
        }
    }

    /// Limits the time for a connection and for an answer, where the library can (1.7).
    package static func limit(connect: Duration, answer: Duration) throws(GitError) {
        try start()
        let status = settings.withLock { _ in
            ork_git_set_timeouts(Int32(connect.components.seconds) * 1000, Int32(answer.components.seconds) * 1000)
        }
        guard status == 0 else { throw .storage(status) }
    }

    static func start() throws(GitError) {
        guard isReady else {
            throw GitError(.storage, "libgit2 does not start on this machine", hint: "check its installation")
        }
    }

    // Nobody's configuration: an `insteadOf` or a proxy in it would send a credential elsewhere.
    private static let isReady = unsafe git_libgit2_init() > 0 && ork_git_set_home("/nonexistent") == 0

    /// Runs one exchange at a time: which `known_hosts` libgit2 reads is a setting of the process. No child should be
    /// started meanwhile, as it would inherit that home.
    static func exchange<Value>(
        home: String, _ body: () throws(GitError) -> Value
    ) throws(GitError) -> Value {
        try start()
        return try settings.withLock { _ throws(GitError) in
            guard unsafe ork_git_set_home(home) == 0 else {
                throw GitError(.storage, "libgit2 takes no folder for its settings", hint: "check its installation")
            }
            // 1.5 has no setting for this and reads HOME each time.
            let before = unsafe getenv("HOME").map { unsafe String(cString: $0) }
            _ = unsafe setenv("HOME", home, 1)
            defer { _ = unsafe before.map { unsafe setenv("HOME", $0, 1) } ?? unsetenv("HOME") }
            return try body()
        }
    }

    /// Has all that is written from now on written through to the disk: a branch must not survive the objects that it names.
    static func writeThrough() throws(GitError) {
        guard writesThrough else { throw .storage(-1) }
    }

    private static let writesThrough = ork_git_set_durable() == 0

    private static let settings = Mutex(())
}
