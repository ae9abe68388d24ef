import CGit2

/// A file as a commit has it.
package struct GitFile: Sendable, Hashable {
    package enum Mode: UInt32, Sendable {
        case regular = 0o100644
        case executable = 0o100755
        case link = 0o120000
    }

    /// The object that holds the bytes: the same bytes have the same one.
    package let id: ObjectID
    package let mode: Mode
    /// Of a link, where it leads.
    package let bytes: [UInt8]
}

extension BareRepository {
    /// The file at a path of a commit, `a/b.yaml`; `nil` if there is none.
    package func file(_ path: String, at commit: ObjectID) throws(GitError) -> GitFile? {
        try Self.check(path)
        return unsafe try withTree(of: commit) { tree throws(GitError) in unsafe try file(path, in: tree) }
    }

    func file(_ path: String, in tree: OpaquePointer) throws(GitError) -> GitFile? {
        var entry: OpaquePointer?
        let status = unsafe git_tree_entry_bypath(&entry, tree, path)
        defer { unsafe git_tree_entry_free(entry) }
        if status == GIT_ENOTFOUND.rawValue { return nil }
        guard status == 0, let entry = unsafe entry else { throw .storage(status) }
        guard let mode = GitFile.Mode(rawValue: unsafe git_tree_entry_filemode(entry).rawValue),
            let id = unsafe git_tree_entry_id(entry)
        else {
            throw GitError(.invalid, "\(path) is no file in the repository", hint: "name a file, not a folder")
        }
        let name = unsafe id.pointee
        return unsafe try withObject { (blob) in
            var name = name
            return unsafe git_blob_lookup(&blob, pointer, &name)
        } free: {
            unsafe git_blob_free($0)
        } _: { (blob) throws(GitError) in
            let content = unsafe UnsafeRawBufferPointer(
                start: git_blob_rawcontent(blob), count: Int(git_blob_rawsize(blob)))
            return unsafe GitFile(id: ObjectID(name), mode: mode, bytes: Array(content))
        }
    }

    /// The commit's own message.
    package func message(of commit: ObjectID) throws(GitError) -> String {
        unsafe try withCommit(commit) { pointer throws(GitError) in
            guard let text = unsafe git_commit_message_raw(pointer) else { return "" }
            return unsafe String(cString: text)
        }
    }

    /// The commits that a commit was made on.
    package func parents(of commit: ObjectID) throws(GitError) -> [ObjectID] {
        unsafe try withCommit(commit) { pointer throws(GitError) in
            unsafe (0..<git_commit_parentcount(pointer)).compactMap { index in
                guard let id = unsafe git_commit_parent_id(pointer, index) else { return nil }
                return unsafe ObjectID(id.pointee)
            }
        }
    }

    func withCommit<Value>(
        _ id: ObjectID, _ body: (OpaquePointer) throws(GitError) -> Value
    ) throws(GitError) -> Value {
        unsafe try withObject { (commit) in
            var name = id.raw
            return unsafe git_commit_lookup(&commit, pointer, &name)
        } free: {
            unsafe git_commit_free($0)
        } or: {
            $0 == GIT_ENOTFOUND.rawValue ? .noCommit(id) : .storage($0)
        } _: { (commit) throws(GitError) in
            unsafe try body(commit)
        }
    }

    func withTree<Value>(
        of commit: ObjectID, _ body: (OpaquePointer) throws(GitError) -> Value
    ) throws(GitError) -> Value {
        unsafe try withCommit(commit) { commit throws(GitError) in
            unsafe try withObject { (tree) in
                unsafe git_commit_tree(&tree, commit)
            } free: {
                unsafe git_tree_free($0)
            } _: { (tree) throws(GitError) in
                unsafe try body(tree)
            }
        }
    }

    /// Refuses what is no path of a file, or one that `git` would not check out.
    static func check(_ path: String) throws(GitError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let isFine = parts.allSatisfy { part in
            !part.isEmpty && part != "." && part != ".." && part.lowercased() != ".git"
        }
        guard isFine, !path.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) else {
            throw GitError(
                .invalid, "the path of the file is not one of a repository",
                hint: "write it from the repository's root, without a leading /, . or ..")
        }
    }
}
