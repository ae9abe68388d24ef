import CGit2

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
    /// Pushes a commit, made on one that the remote has or on none, to a branch that is at `old`, or that is new, and looks
    /// at the branch again. Nothing is ever forced.
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

    /// Whether a branch is at a commit, or at one that was made on it not long ago.
    private func has(_ branch: String, _ commit: ObjectID, at remote: GitRemote) throws(GitError) -> Bool {
        guard let tip = try tip(of: branch, at: remote) else { return false }
        if tip == commit { return true }
        guard let tip = try fetch(branch, from: remote, depth: Self.mostAfter) else { return false }
        return try isAncestor(commit, of: tip, within: Self.mostAfter)
    }

    /// So many commits are looked through for ours; if more came meanwhile, the file tells.
    private static let mostAfter = 100

    /// Sends what is new, with the branch's name and what it was and is to be; the server compares. `nil` if it does not
    /// say what it did.
    private func send(
        _ commit: ObjectID, to branch: String, replacing old: ObjectID?, at remote: GitRemote
    ) throws(GitError) -> PushOutcome? {
        let conversation = RemoteCallbacks(remote)
        return unsafe try exchange(conversation, GIT_DIRECTION_PUSH) { handle throws(GitError) in
            guard unsafe try Self.tip(of: branch, handle, remote) == old else { return .moved }
            let offered = conversation.capabilities
            let wished = ["report-status", "side-band-64k"].filter { offered.contains($0[...]) }.map { " " + $0 }
            var request = PacketLines()
            request.add("\(old ?? .nothing) \(commit) refs/heads/\(branch)\0\(wished.joined())")
            request.flush()
            var stream = try ServiceStream(GIT_SERVICE_RECEIVEPACK, conversation)
            try stream.write(request.bytes + pack(commit))
            guard offered.contains("report-status") else { return nil }
            let report: [String]
            if offered.contains("side-band-64k") {
                var bytes: [UInt8] = []
                try stream.forEachPart { part throws(GitError) in
                    bytes += part
                    // A report on one branch is shorter than a packet may be.
                    guard bytes.count <= ServiceStream.longest else { throw .notUnderstood(conversation) }
                }
                report = PacketLines.texts(bytes)
            } else {
                report = try stream.lines()
            }
            return try Self.outcome(report, conversation)
        }
    }

    /// A server's report (gitprotocol-pack(5), "Report Status").
    private static func outcome(_ report: [String], _ conversation: RemoteCallbacks) throws(GitError) -> PushOutcome? {
        guard let unpacked = report.first, unpacked.hasPrefix("unpack "), report.count > 1 else { return nil }
        guard unpacked == "unpack ok" else {
            throw GitError(
                .remoteStorage, "\(conversation.remote.address.place) could not keep what was sent",
                hint: "check whether its disk is full or a limit is reached")
        }
        if report[1].hasPrefix("ok ") { return .done }
        guard report[1].hasPrefix("ng ") else { return nil }
        return PushOutcome(said: report[1].split(separator: " ", maxSplits: 2).dropFirst(2).joined())
    }

    /// The objects that a commit brings, as a pack that needs no other ones.
    private func pack(_ commit: ObjectID) throws(GitError) -> [UInt8] {
        unsafe try withObject { (builder) in
            unsafe git_packbuilder_new(&builder, pointer)
        } free: {
            unsafe git_packbuilder_free($0)
        } _: { (builder) throws(GitError) in
            unsafe git_packbuilder_set_threads(builder, 1)
            try forEachNewObject(of: commit) { id throws(GitError) in
                var name = id.raw
                let status = unsafe git_packbuilder_insert(builder, &name, nil)
                guard status == 0 else { throw .storage(status) }
            }
            var buffer = unsafe git_buf()
            defer { unsafe git_buf_dispose(&buffer) }
            let status = unsafe git_packbuilder_write_buf(&buffer, builder)
            guard status == 0 else { throw .storage(status) }
            return unsafe Array(UnsafeRawBufferPointer(start: buffer.ptr, count: buffer.size))
        }
    }
}

extension PacketLines {
    /// The texts of packets up to a flush, without line ends.
    static func texts(_ bytes: [UInt8]) -> [String] {
        var texts: [String] = []
        var rest = bytes[...]
        while let length = Int(String(decoding: rest.prefix(4), as: UTF8.self), radix: 16), length >= 4,
            rest.count >= length
        {
            let text = String(decoding: rest.prefix(length).dropFirst(4), as: UTF8.self)
            texts.append(text.hasSuffix("\n") ? String(text.dropLast()) : text)
            rest = rest.dropFirst(length)
        }
        return texts
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
        self = lost.contains(where: text.contains) ? .moved : .refused(said.utf8.shown)
    }
}
