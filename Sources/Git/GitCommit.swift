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
