import CGit2
import Glibc

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
