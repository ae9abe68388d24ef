import CGit2
import FoundationEssentials

extension BareRepository {
    /// The objects that a commit with one parent, or none, is made of and its parent is not, each after those that it
    /// names. Nothing further back is looked at, so that the history need not be here.
    func forEachNewObject(
        of commit: ObjectID, _ body: (ObjectID) throws(GitError) -> Void
    ) throws(GitError) {
        unsafe try withTree(of: commit) { tree throws(GitError) in
            guard let parent = try parents(of: commit).first else {
                return unsafe try forEachNewObject(in: tree, besides: nil, body)
            }
            unsafe try withTree(of: parent) { old throws(GitError) in
                unsafe try forEachNewObject(in: tree, besides: old, body)
            }
        }
        try body(commit)
    }

    private func forEachNewObject(
        in tree: OpaquePointer, besides old: OpaquePointer?, _ body: (ObjectID) throws(GitError) -> Void
    ) throws(GitError) {
        guard let id = unsafe git_tree_id(tree).map({ unsafe ObjectID($0.pointee) }) else { throw .storage(-1) }
        if let old = unsafe old, unsafe git_tree_id(old).map({ unsafe ObjectID($0.pointee) }) == id { return }
        for index in 0..<(unsafe git_tree_entrycount(tree)) {
            guard let entry = unsafe git_tree_entry_byindex(tree, index), let new = unsafe git_tree_entry_id(entry)
            else {
                throw .storage(-1)
            }
            let before = unsafe old.flatMap { unsafe git_tree_entry_byname($0, git_tree_entry_name(entry)) }
            if let before = unsafe before.flatMap({ unsafe git_tree_entry_id($0) }),
                unsafe git_oid_equal(before, new) == 1
            {
                continue
            }
            switch unsafe git_tree_entry_type(entry) {
            case GIT_OBJECT_BLOB: try body(unsafe ObjectID(new.pointee))
            case GIT_OBJECT_TREE:
                unsafe try withTree(entry) { tree throws(GitError) in
                    guard let before = unsafe before, unsafe git_tree_entry_type(before) == GIT_OBJECT_TREE else {
                        return unsafe try forEachNewObject(in: tree, besides: nil, body)
                    }
                    unsafe try withTree(before) { old throws(GitError) in
                        unsafe try forEachNewObject(in: tree, besides: old, body)
                    }
                }
            // A submodule is a commit of another repository.
            default: break
            }
        }
        try body(id)
    }

    private func withTree<Value>(
        _ entry: OpaquePointer, _ body: (OpaquePointer) throws(GitError) -> Value
    ) throws(GitError) -> Value {
        unsafe try withObject { (tree) in
            unsafe git_tree_lookup(&tree, pointer, git_tree_entry_id(entry))
        } free: {
            unsafe git_tree_free($0)
        } _: { (tree) throws(GitError) in
            unsafe try body(tree)
        }
    }

    static func withDatabase<Value>(
        of repository: OpaquePointer, _ body: (OpaquePointer) throws(GitError) -> Value
    ) throws(GitError) -> Value {
        var database: OpaquePointer?
        let status = unsafe git_repository_odb(&database, repository)
        defer { unsafe git_odb_free(database) }
        guard status == 0, let database = unsafe database else { throw .storage(status) }
        return unsafe try body(database)
    }
}
