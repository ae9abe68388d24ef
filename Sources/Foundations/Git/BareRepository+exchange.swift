import CGit2
import FoundationEssentials

extension BareRepository {
    /// The commit that a branch of a remote is at, without fetching it; `nil` if there is no such branch.
    package func tip(of branch: String, at remote: GitRemote) throws(GitError) -> ObjectID? {
        try Self.check(branch: branch)
        if remote.address.transport == .local { return try localTip(of: branch, at: remote) }
        return unsafe try exchange(RemoteCallbacks(remote), GIT_DIRECTION_FETCH) { handle throws(GitError) in
            unsafe try Self.tip(of: branch, handle, remote)
        }
    }

    /// Asks whether the server would talk about a push at all, and pushes nothing. A protected branch or a hook speaks up
    /// only when something comes.
    package func checkPush(to remote: GitRemote) throws(GitError) {
        if remote.address.transport == .local { return try checkLocalPush(to: remote) }
        unsafe try exchange(RemoteCallbacks(remote), GIT_DIRECTION_PUSH) { _ throws(GitError) in }
    }

    static func tip(
        of branch: String, _ handle: OpaquePointer, _ remote: GitRemote
    ) throws(GitError) -> ObjectID? {
        var heads: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
        var count = 0
        let status = unsafe git_remote_ls(&heads, &count, handle)
        guard status == 0 else { throw .failed(status, RemoteCallbacks(remote)) }
        for index in 0..<count {
            guard let head = unsafe heads?[index], let name = unsafe head.pointee.name else { continue }
            if unsafe String(cString: name) == "refs/heads/\(branch)" { return unsafe ObjectID(head.pointee.oid) }
        }
        return nil
    }

    /// Connects, makes sure that the server was looked at, and runs `body`.
    func exchange<Value>(
        _ conversation: RemoteCallbacks, _ direction: git_direction,
        _ body: (OpaquePointer) throws(GitError) -> Value
    ) throws(GitError) -> Value {
        let address = conversation.remote.address
        do {
            try Data(conversation.remote.hostKeys.lines(for: address).utf8)
                .write(to: URL(filePath: home + "/.ssh/known_hosts"))
        } catch {
            throw .storage(-1)
        }
        return try GitLibrary.exchange(home: home) { () throws(GitError) in
            unsafe try withObject { (remote) in
                unsafe git_remote_create_anonymous(&remote, pointer, address.text)
            } free: {
                unsafe git_remote_free($0)
            } _: { (remote) throws(GitError) in
                unsafe try conversation.withCalls { calls throws(GitError) in
                    git_error_clear()
                    let status = unsafe ork_git_connect(remote, direction, calls)
                    guard status == 0 else { throw .failed(status, conversation) }
                    // A build of libgit2 that leaves SSH to a program asks nobody here.
                    guard conversation.isTrusted || address.transport == .local else {
                        throw GitError(
                            .untrusted, "this libgit2 does not show what \(address.place) proves itself with",
                            hint: "use a build of it with libssh2")
                    }
                    conversation.isConnected = true
                    return unsafe try body(remote)
                }
            }
        }
    }

    static func check(branch: String) throws(GitError) {
        var isValid: Int32 = 0
        guard unsafe git_reference_name_is_valid(&isValid, "refs/heads/\(branch)") == 0, isValid == 1,
            !branch.contains("*")
        else {
            throw GitError(.invalid, "the branch has a name that git does not take", hint: "correct the name")
        }
    }
}
