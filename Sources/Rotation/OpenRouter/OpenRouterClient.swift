package import HTTP
import Secrets

/// Carries calls to OpenRouter and brings their answers back. It knows no key: each call has its own.
package struct OpenRouterClient: Sendable {
    private let transport: any HTTPTransport

    package init(transport: any HTTPTransport) {
        self.transport = transport
    }

    /// Sends one call and waits for its answer.
    package func send<Answer>(_ call: APICall<Answer>) throws(OpenRouterError) -> Dated<Answer> {
        try call.answer(exchange([call.request])[0]).get()
    }

    /// One batch: all at once, one round trip. A call that fails does not stop the others; the answers stand in the
    /// order of the calls.
    package func send<Answer>(all calls: [APICall<Answer>]) -> [Result<Dated<Answer>, OpenRouterError>] {
        zip(calls, exchange(calls.map(\.request))).map { $0.answer($1) }
    }

    private func exchange(_ requests: [HTTPRequest]) -> [Result<HTTPResponse, TransportError>] {
        let silence = TransportError(.interrupted, "no answer", mayHaveArrived: true)
        var results = [Result<HTTPResponse, TransportError>](repeating: .failure(silence), count: requests.count)
        guard !requests.isEmpty else { return results }
        transport.send(requests) { index, result in results[index] = result }
        return results
    }
}

extension OpenRouterClient {
    /// All keys of several workspaces, read side by side, and the provider's clock at the first answer. `nil` is the
    /// default workspace.
    package func allKeys(_ api: ManagementAPI, workspaces: Set<String?>) throws(OpenRouterError) -> Dated<
        [String?: [Key]]
    > {
        try readOn(api, [:], workspaces.sorted { ($0 ?? "") < ($1 ?? "") })
    }

    /// All keys of a workspace, and the provider's clock at the first answer.
    package func allKeys(_ api: ManagementAPI, workspace: String?) throws(OpenRouterError) -> Dated<[Key]> {
        let all = try readOn(api, [:], [workspace])
        return Dated(value: all.value[workspace] ?? [], date: all.date)
    }

    /// All keys of a workspace of which the first page was read already, with other things in one batch.
    package func allKeys(
        _ api: ManagementAPI, workspace: String?, from first: [Key]
    ) throws(OpenRouterError) -> [Key] {
        guard first.count == ManagementAPI.pageSize else { return first }
        return try readOn(api, [workspace: first], [workspace]).value[workspace] ?? []
    }

    /// Reads on behind what is known of these workspaces. OpenRouter tells no total: a page that is not full is the last.
    ///
    /// The list is read while others mint and delete. So each page begins with the last rows of the one before; where
    /// these are not there, so many keys have gone meanwhile that some may have moved past the edge, and the workspace
    /// is read again from the start.
    private func readOn(
        _ api: ManagementAPI, _ known: [String?: [Key]], _ workspaces: [String?]
    ) throws(OpenRouterError) -> Dated<[String?: [Key]]> {
        var keys = known
        var date: Dated<Void>?
        var open = workspaces
        var restarts = 0
        while !open.isEmpty {
            let calls = open.map { workspace in
                api.listKeys(workspace: workspace, offset: max(0, (keys[workspace]?.count ?? 0) - Self.overlap))
            }
            var unfinished: [String?] = []
            for (workspace, result) in zip(open, send(all: calls)) {
                let answer = try result.get()
                date = date ?? Dated(value: (), date: answer.date)
                let page = answer.value
                let known = keys[workspace] ?? []
                guard let rest = Self.rows(of: page, behind: known) else {
                    restarts += 1
                    guard restarts <= Self.restartsLimit else { throw .movingList }
                    keys[workspace] = nil
                    unfinished.append(workspace)
                    continue
                }
                keys[workspace] = known + rest
                if page.count == ManagementAPI.pageSize { unfinished.append(workspace) }
            }
            open = unfinished
        }
        return Dated(value: keys, date: date?.date)
    }

    /// How many rows a page repeats.
    private static let overlap = 10
    private static let restartsLimit = 5

    /// The rows that are new; `nil` if the page does not join up with those before.
    private static func rows(of page: [Key], behind known: [Key]) -> [Key]? {
        guard let last = known.last else { return page }
        guard let edge = page.firstIndex(where: { $0.hash == last.hash }) else { return nil }
        // A key that was made meanwhile pushes others down the list: they are known already.
        let hashes = Set(known.map(\.hash))
        return page[(edge + 1)...].filter { !hashes.contains($0.hash) }
    }
}

extension OpenRouterError {
    fileprivate static let movingList = OpenRouterError(
        .unavailable, "the list of keys changes faster than it can be read", hint: "try again in a minute",
        mayHaveArrived: true)
}
