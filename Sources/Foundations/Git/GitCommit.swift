import CGit2

/// Who made a commit, and when.
package struct GitPerson: Sendable, Hashable {
    package let name: String
    package let email: String
    /// Seconds since 1970.
    package let time: Int64
    /// Minutes east of Greenwich.
    package let offset: Int32

    package init(name: String, email: String, time: Int64, offset: Int32 = 0) {
        self.name = name
        self.email = email
        self.time = time
        self.offset = offset
    }
}

/// A file that a commit writes. An existing one keeps its mode, a new one is not executable.
package struct GitChange: Sendable, Hashable {
    package let path: String
    package let bytes: [UInt8]

    package init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }
}

/// What a commit says besides its files.
package struct GitCommit: Sendable, Hashable {
    package let author: GitPerson
    package let committer: GitPerson
    package let message: String

    /// The author commits, if no one else does.
    package init(author: GitPerson, committer: GitPerson? = nil, message: String) {
        self.author = author
        self.committer = committer ?? author
        self.message = message
    }
}

/// The name of an object: 40 lowercase hexadecimal digits.
package struct ObjectID: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// `nil` if `text` is no name of an object.
    package init?(_ text: String) {
        guard text.utf8.count == 40, text.utf8.allSatisfy({ Self.digits.contains($0) }) else { return nil }
        description = text
    }

    private static let digits = Set("0123456789abcdef".utf8)

    /// What a branch that is not there is at.
    static let nothing = ObjectID(git_oid())

    init(_ id: git_oid) {
        var id = id
        var text = [CChar](repeating: 0, count: 41)
        _ = unsafe git_oid_tostr(&text, text.count, &id)
        description = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The form that libgit2 takes.
    var raw: git_oid {
        var id = git_oid()
        // It holds digits only, which is all that this call refuses.
        _ = unsafe git_oid_fromstr(&id, description)
        return id
    }
}
