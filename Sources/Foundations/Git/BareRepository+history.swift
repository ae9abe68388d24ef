import CGit2

/// What a commit did to one file.
package struct FileChange: Sendable, Hashable {
    package let commit: ObjectID
    /// The object that holds the file's bytes since; `nil` if the commit removed it.
    package let file: ObjectID?
    /// The lines at the end of the message, `Key: value`.
    package let trailers: [GitTrailer]
}

/// One trailer of a commit's message (git-interpret-trailers(1)).
package struct GitTrailer: Sendable, Hashable {
    package let key: String
    package let value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

extension BareRepository {
    /// The commits that changed a file, newest first, as `git log` simplifies a history: of a merge, the side that the
    /// file came from counts.
    ///
    /// Looks at so many commits at most, and goes no further than the history that is here. `isEnough` ends it.
    package func changes(
        of path: String, from tip: ObjectID, atMost limit: Int, until isEnough: (FileChange) -> Bool
    ) throws(GitError) {
        try Self.check(path)
        var current = tip
        var file = try fileID(path, at: current)
        for _ in 0..<limit {
            let parents = try parents(of: current)
            var files: [(parent: ObjectID, file: ObjectID?)] = []
            for parent in parents {
                let before = try unlessCutOff { () throws(GitError) in try fileID(path, at: parent) }
                guard let before else { return }
                files.append((parent, before))
            }
            if let same = files.first(where: { $0.file == file }) {
                current = same.parent
                continue
            }
            let change = FileChange(commit: current, file: file, trailers: try trailers(of: current))
            guard !isEnough(change), let first = files.first else { return }
            (current, file) = first
        }
    }

    /// The commits with such trailers that made a file another than in any commit they were made on: of all sides of all
    /// merges, so that no side hides what another one has.
    ///
    /// Looks at so many commits at most, and goes no further than the history that is here.
    package func allChanges(
        of path: String, from tip: ObjectID, atMost limit: Int, where isMeant: ([GitTrailer]) -> Bool
    ) throws(GitError) -> [FileChange] {
        try Self.check(path)
        var found: [FileChange] = []
        var seen: Set<ObjectID> = [tip]
        var queue = [tip][...]
        while let commit = queue.popFirst(), seen.count <= limit {
            guard let parents = try unlessCutOff({ () throws(GitError) in try parents(of: commit) }) else { continue }
            queue += parents.filter { seen.insert($0).inserted }
            let trailers = try trailers(of: commit)
            guard isMeant(trailers) else { continue }
            let file = try fileID(path, at: commit)
            var isNew = true
            for parent in parents where isNew {
                let before = try unlessCutOff { () throws(GitError) in try fileID(path, at: parent) }
                isNew = before != .some(file)
            }
            if isNew { found.append(FileChange(commit: commit, file: file, trailers: trailers)) }
        }
        return found
    }

    /// Whether a commit is another one or in its history, as far as that is here and within so many commits.
    package func isAncestor(_ commit: ObjectID, of tip: ObjectID, within limit: Int) throws(GitError) -> Bool {
        var seen: Set<ObjectID> = [tip]
        var queue = [tip][...]
        while let next = queue.popFirst(), seen.count <= limit {
            if next == commit { return true }
            guard let parents = try unlessCutOff({ () throws(GitError) in try parents(of: next) }) else { continue }
            queue += parents.filter { seen.insert($0).inserted }
        }
        return false
    }

    /// `nil` where the history is cut off.
    private func unlessCutOff<Value>(_ read: () throws(GitError) -> Value) throws(GitError) -> Value? {
        do throws(GitError) { return try read() } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    /// The object that holds the bytes of a file; `nil` if there is none.
    private func fileID(_ path: String, at commit: ObjectID) throws(GitError) -> ObjectID? {
        unsafe try withTree(of: commit) { tree throws(GitError) in
            var entry: OpaquePointer?
            let status = unsafe git_tree_entry_bypath(&entry, tree, path)
            defer { unsafe git_tree_entry_free(entry) }
            if status == GIT_ENOTFOUND.rawValue { return nil }
            guard status == 0, let entry = unsafe entry, let id = unsafe git_tree_entry_id(entry) else {
                throw .storage(status)
            }
            return unsafe ObjectID(id.pointee)
        }
    }

    private func trailers(of commit: ObjectID) throws(GitError) -> [GitTrailer] {
        try GitTrailer.all(in: try message(of: commit))
    }
}

extension GitTrailer {
    /// The trailers of a message.
    package static func all(in message: String) throws(GitError) -> [GitTrailer] {
        try GitLibrary.start()
        var list = unsafe git_message_trailer_array()
        let status = unsafe git_message_trailers(&list, message)
        guard status == 0 else { throw .storage(status) }
        defer { unsafe git_message_trailer_array_free(&list) }
        return unsafe (0..<list.count).compactMap { index in
            guard let trailer = unsafe list.trailers?[index], let key = unsafe trailer.key,
                let value = unsafe trailer.value
            else { return nil }
            return unsafe GitTrailer(key: String(cString: key), value: String(cString: value))
        }
    }
}

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
