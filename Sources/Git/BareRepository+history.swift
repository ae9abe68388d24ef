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
                do throws(GitError) {
                    files.append((parent, try fileID(path, at: parent)))
                } catch {
                    // The history is cut off there.
                    guard error.code == .notFound else { throw error }
                    return
                }
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
