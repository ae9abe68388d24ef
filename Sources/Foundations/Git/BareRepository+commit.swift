import CGit2
import Glibc

extension BareRepository {
    /// Makes what signs the text of a commit: the armoured signature, as `git` keeps it in the commit.
    package typealias Signer = (_ text: [UInt8]) throws(GitError) -> String

    /// Makes a commit on top of `parent`, or a first one, that writes these files; `nil` if they are all there already
    /// with these bytes.
    package func commit(
        _ changes: [GitChange], on parent: ObjectID?, _ commit: GitCommit, sign: Signer? = nil
    ) throws(GitError) -> ObjectID? {
        guard !commit.message.isEmpty, !commit.message.utf8.contains(0) else {
            throw GitError(.invalid, "the message of the commit is empty or holds a NUL", hint: "correct the message")
        }
        guard Set(changes.map(\.path)).count == changes.count else {
            throw GitError(.invalid, "a commit cannot write one file twice", hint: "name each path once")
        }
        guard let parent else {
            return unsafe try make(commit, tree: try tree(nil, changes), parent: nil, sign)
        }
        return unsafe try withCommit(parent) { pointer throws(GitError) in
            unsafe try withTree(of: parent) { base throws(GitError) in
                let tree = unsafe try tree(base, changes)
                guard let old = unsafe git_tree_id(base), unsafe ObjectID(old.pointee) != tree else { return nil }
                return unsafe try make(commit, tree: tree, parent: pointer, sign)
            }
        }
    }

    private func tree(_ base: OpaquePointer?, _ changes: [GitChange]) throws(GitError) -> ObjectID {
        var updates: [git_tree_update] = unsafe []
        defer { unsafe updates.forEach { unsafe free(UnsafeMutableRawPointer(mutating: $0.path)) } }
        for change in changes {
            try Self.check(change.path)
            var mode = GIT_FILEMODE_BLOB
            if let base = unsafe base, let existing = unsafe try file(change.path, in: base) {
                guard existing.mode != .link else {
                    throw GitError(
                        .invalid, "\(change.path) is a symbolic link in the repository",
                        hint: "name the file that it leads to")
                }
                if existing.mode == .executable { mode = GIT_FILEMODE_BLOB_EXECUTABLE }
            }
            var blob = git_oid()
            let status = unsafe git_blob_create_from_buffer(&blob, pointer, change.bytes, change.bytes.count)
            guard status == 0 else { throw .storage(status) }
            unsafe updates.append(
                git_tree_update(
                    action: GIT_TREE_UPDATE_UPSERT, id: blob, filemode: mode, path: strdup(change.path)))
        }
        var made = git_oid()
        let status = unsafe git_tree_create_updated(&made, pointer, base, updates.count, updates)
        guard status == 0 else {
            if unsafe git_error_last()?.pointee.klass == Int32(GIT_ERROR_TREE.rawValue) {
                throw GitError(
                    .invalid, "the file cannot be written there: a part of its path is a file in the repository",
                    hint: "choose another path")
            }
            throw .storage(status)
        }
        return ObjectID(made)
    }

    private func make(
        _ commit: GitCommit, tree: ObjectID, parent: OpaquePointer?, _ sign: Signer?
    ) throws(GitError) -> ObjectID {
        let text = unsafe try text(of: commit, tree, parent)
        let signature = try sign?(text)
        var id = git_oid()
        let bytes = text.map { CChar(bitPattern: $0) } + [0]
        let status = unsafe git_commit_create_with_signature(&id, pointer, bytes, signature, nil)
        guard status == 0 else { throw .storage(status) }
        return ObjectID(id)
    }

    private func text(
        of commit: GitCommit, _ tree: ObjectID, _ parent: OpaquePointer?
    ) throws(GitError) -> [UInt8] {
        let message = commit.message.hasSuffix("\n") ? commit.message : commit.message + "\n"
        return unsafe try withObject { (found) in
            var name = tree.raw
            return unsafe git_tree_lookup(&found, pointer, &name)
        } free: {
            unsafe git_tree_free($0)
        } _: { (tree) throws(GitError) in
            unsafe try Self.withSignature(commit.author) { author throws(GitError) in
                unsafe try Self.withSignature(commit.committer) { committer throws(GitError) in
                    var text = unsafe git_buf()
                    defer { unsafe git_buf_dispose(&text) }
                    let status = unsafe ork_git_commit_text(
                        &text, pointer, author, committer, message, tree, parent)
                    guard status == 0 else { throw .storage(status) }
                    return unsafe Array(UnsafeRawBufferPointer(start: text.ptr, count: text.size))
                }
            }
        }
    }

    private static func withSignature<Value>(
        _ person: GitPerson, _ body: (UnsafeMutablePointer<git_signature>) throws(GitError) -> Value
    ) throws(GitError) -> Value {
        var made: UnsafeMutablePointer<git_signature>?
        let status = unsafe git_signature_new(&made, person.name, person.email, person.time, person.offset)
        defer { unsafe git_signature_free(made) }
        guard status == 0, let made = unsafe made else {
            throw GitError(
                .invalid, "the author of the commit has no name or no address that git takes",
                hint: "give both, without < and >")
        }
        return unsafe try body(made)
    }
}
