import CGit2
import FoundationEssentials

/// What became of a push.
package enum PushOutcome: Sendable, Hashable {
    /// The branch is at the commit now.
    case done
    /// Someone else moved, made or deleted the branch: fetch, apply again, push again.
    case moved
    /// The server took the push and did not want it, for this reason of its own: a hook, a protected branch.
    case refused(String)
    /// The branch took the commit and does not have it any more: somebody has rewound or replaced it.
    case undone
}

extension BareRepository {
    /// The commit that a branch of a remote is at, without fetching it; `nil` if there is no such branch.
    package func tip(of branch: String, at remote: GitRemote) throws(GitError) -> ObjectID? {
        try Self.check(branch: branch)
        if remote.address.transport == .local { return try localTip(of: branch, at: remote) }
        return unsafe try exchange(RemoteCallbacks(remote), GIT_DIRECTION_FETCH) { handle, _ throws(GitError) in
            unsafe try Self.tip(of: branch, handle, remote)
        }
    }

    /// Asks whether the server would talk about a push at all, and pushes nothing. A protected branch or a hook speaks up
    /// only when something comes.
    package func checkPush(to remote: GitRemote) throws(GitError) {
        if remote.address.transport == .local { return try checkLocalPush(to: remote) }
        unsafe try exchange(RemoteCallbacks(remote), GIT_DIRECTION_PUSH) { _, _ throws(GitError) in }
    }

    /// Fetches a branch and returns the commit that it is at; `nil` if there is no such branch.
    ///
    /// Without `history`, only what its newest commit is made of has to come; libgit2 before 1.7 fetches all the same.
    package func fetch(
        _ branch: String, from remote: GitRemote, history: Bool = false
    ) throws(GitError) -> ObjectID? {
        try Self.check(branch: branch)
        if remote.address.transport == .local { return try localTip(of: branch, at: remote, borrowing: true) }
        let conversation = RemoteCallbacks(remote)
        return unsafe try exchange(conversation, GIT_DIRECTION_FETCH) { handle, calls throws(GitError) in
            guard unsafe try Self.tip(of: branch, handle, remote) != nil else { return nil }
            let status = unsafe ork_git_fetch(handle, "+refs/heads/\(branch):refs/ork/fetched", history ? 1 : 0, calls)
            guard status == 0 else { throw .failed(status, conversation) }
            var id = git_oid()
            let found = unsafe git_reference_name_to_id(&id, pointer, "refs/ork/fetched")
            guard found == 0 else { throw .failed(found, conversation) }
            return ObjectID(id)
        }
    }

    /// Pushes a commit to a branch that is at `old`, or that is new, and looks at the branch again. Nothing is ever
    /// forced.
    package func push(
        _ commit: ObjectID, to branch: String, replacing old: ObjectID?, at remote: GitRemote
    ) throws(GitError) -> PushOutcome {
        try Self.check(branch: branch)
        let outcome =
            remote.address.transport == .local
            ? try pushLocally(commit, to: branch, replacing: old, at: remote)
            : try send(commit, to: branch, replacing: old, at: remote)
        // A server that does not say what it did is looked at, too.
        guard outcome == nil || outcome == .done else { return outcome ?? .done }
        do throws(GitError) { return try has(branch, commit, at: remote) ? .done : .undone } catch {
            throw GitError(
                .interrupted, "\(branch) could not be looked at after the push: \(error.message)",
                hint: "look at the branch, then try again")
        }
    }

    /// Whether a branch is at a commit, or at one that was made on it.
    private func has(_ branch: String, _ commit: ObjectID, at remote: GitRemote) throws(GitError) -> Bool {
        guard let tip = try tip(of: branch, at: remote) else { return false }
        if tip == commit { return true }
        guard let tip = try fetch(branch, from: remote) else { return false }
        return try isAncestor(commit, of: tip)
    }

    /// `nil` if the server does not say what it did.
    private func send(
        _ commit: ObjectID, to branch: String, replacing old: ObjectID?, at remote: GitRemote
    ) throws(GitError) -> PushOutcome? {
        try keep(commit, as: "refs/ork/pushed")
        let conversation = RemoteCallbacks(remote, expected: .some(old))
        return unsafe try exchange(conversation, GIT_DIRECTION_PUSH) { handle, calls throws(GitError) in
            let status = unsafe ork_git_push(handle, "refs/ork/pushed:refs/heads/\(branch)", calls)
            return try Self.outcome(status, conversation)
        }
    }

    private static func outcome(_ status: Int32, _ conversation: RemoteCallbacks) throws(GitError) -> PushOutcome? {
        if conversation.hasMoved || status == GIT_ENONFASTFORWARD.rawValue { return .moved }
        guard status == 0 else { throw .failed(status, conversation) }
        // 0 is only that the exchange went well: what the server did with the branch is told apart.
        guard case .some(let said) = conversation.status else { return nil }
        guard let said else { return .done }
        return PushOutcome(said: said)
    }

    private static func tip(
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
    private func exchange<Value>(
        _ conversation: RemoteCallbacks, _ direction: git_direction,
        _ body: (OpaquePointer, UnsafePointer<ork_git_calls>) throws(GitError) -> Value
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
                    return unsafe try body(remote, calls)
                }
            }
        }
    }

    private static func check(branch: String) throws(GitError) {
        var isValid: Int32 = 0
        guard unsafe git_reference_name_is_valid(&isValid, "refs/heads/\(branch)") == 0, isValid == 1,
            !branch.contains("*")
        else {
            throw GitError(.invalid, "the branch has a name that git does not take", hint: "correct the name")
        }
    }
}

extension PushOutcome {
    /// What a server said of a branch that it did not update.
    init(said: String) {
        let lost = [
            "failed to update ref", "non-fast-forward", "fetch first", "stale info", "incorrect old value",
            "cannot lock ref", "failed to lock", "reference already exists",
        ]
        let text = said.lowercased()
        if lost.contains(where: text.contains) {
            self = .moved
        } else {
            self = .refused(
                String(said.unicodeScalars.filter { (0x20..<0x7f).contains($0.value) }.prefix(200).map(Character.init)))
        }
    }
}
