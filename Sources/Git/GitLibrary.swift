import CGit2
import Glibc
import Synchronization

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

    /// Limits the time for a connection and for an answer, where the library can (1.7); `false` where it cannot.
    package static func limit(connect: Duration, answer: Duration) throws(GitError) -> Bool {
        try start()
        let status = settings.withLock { _ in
            ork_git_set_timeouts(Int32(connect.components.seconds) * 1000, Int32(answer.components.seconds) * 1000)
        }
        return status == 0 && canFetchNewestOnly
    }

    /// Whether `fetch` can leave out the history; before 1.7 it all comes.
    package static var canFetchNewestOnly: Bool { LIBGIT2_VER_MAJOR > 1 || LIBGIT2_VER_MINOR >= 7 }

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

    private static let settings = Mutex(())
}
