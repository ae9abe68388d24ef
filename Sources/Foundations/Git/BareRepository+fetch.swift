import CGit2

extension BareRepository {
    /// Fetches a branch and returns the commit that it is at; `nil` if there is no such branch.
    ///
    /// Only so many commits of its history come, counted from the newest one, where the server can cut a history off, and
    /// none that is here.
    package func fetch(
        _ branch: String, from remote: GitRemote, depth: Int = 1
    ) throws(GitError) -> ObjectID? {
        try Self.check(branch: branch)
        if remote.address.transport == .local { return try localTip(of: branch, at: remote, borrowing: true) }
        let conversation = RemoteCallbacks(remote)
        return unsafe try exchange(conversation, GIT_DIRECTION_FETCH) { handle throws(GitError) in
            guard let tip = unsafe try Self.tip(of: branch, handle, remote) else { return nil }
            if try !has(tip, depth: depth) { try download(tip, depth, conversation) }
            return tip
        }
    }

    /// Whether a commit is here with its history, as far as so many commits of that go.
    private func has(_ tip: ObjectID, depth: Int) throws(GitError) -> Bool {
        guard has(tip) else { return false }
        var seen: Set<ObjectID> = [tip]
        var queue = [tip][...]
        while let next = queue.popFirst(), seen.count <= depth {
            let parents = try parents(of: next)
            guard depth == 1 || parents.allSatisfy({ has($0) }) else { return false }
            queue += parents.filter { seen.insert($0).inserted }
        }
        return true
    }

    /// Asks for a commit and its history, and keeps the pack that comes.
    private func download(_ tip: ObjectID, _ depth: Int, _ conversation: RemoteCallbacks) throws(GitError) {
        let offered = conversation.capabilities
        // A server without bands would need another reader; there is none among those that are looked after.
        guard offered.contains("side-band-64k") else { throw .notUnderstood(conversation) }
        let isShallow = offered.contains("shallow")
        let wished = ["ofs-delta", "no-progress"].filter { offered.contains($0[...]) }.map { " " + $0 }
        var request = PacketLines()
        request.add("want \(tip) side-band-64k\(wished.joined())\n")
        if isShallow { request.add("deepen \(depth)\n") }
        request.flush()
        for commit in try borrowed.prefix(Self.mostHaves) { request.add("have \(commit)\n") }
        request.add("done\n")
        var stream = try ServiceStream(GIT_SERVICE_UPLOADPACK, conversation)
        try stream.write(request.bytes)
        if isShallow { _ = try stream.lines() }
        guard let answer = try stream.line(), answer == "NAK" || answer.hasPrefix("ACK ") else {
            throw .notUnderstood(conversation)
        }
        try keepPack(&stream, conversation)
        guard has(tip) else { throw .notUnderstood(conversation) }
    }

    private static let mostHaves = 256

    /// Checks a pack as it comes, and makes its objects known.
    private func keepPack(
        _ stream: inout ServiceStream, _ conversation: RemoteCallbacks
    ) throws(GitError) {
        var made: UnsafeMutablePointer<git_odb_writepack>?
        let status = unsafe try Self.withDatabase(of: pointer) { unsafe git_odb_write_pack(&made, $0, nil, nil) }
        defer { unsafe made?.pointee.free(made) }
        guard status == 0, let pack = unsafe made else { throw .storage(status) }
        var progress = git_indexer_progress()
        try stream.forEachPart { part throws(GitError) in
            let status = unsafe part.withUnsafeBytes {
                unsafe pack.pointee.append(pack, $0.baseAddress, $0.count, &progress)
            }
            guard status == 0 else { throw .failed(status, conversation) }
        }
        let end = unsafe pack.pointee.commit(pack, &progress)
        guard end == 0 else { throw .failed(end, conversation) }
    }
}
