import FoundationEssentials
import OpenRouter
import Rotation
import Secrets

/// What `ork-create` reads before it decides: one batch, and more only where a list has several pages.
struct LineageSnapshot {
    /// All keys of the workspace, disabled and expired ones too.
    var keys: [Key] = []
    /// The key that the plan names by its hash, wherever it is.
    var named: Key?
    /// Where hashes of keys stand besides the keys themselves.
    var references = KeyReferences()
    /// OpenRouter's clock.
    var date: Date?

    private enum Part: Sendable {
        case keys([Key])
        case named(Key?)
        case references(KeyReferences.Answer)
    }

    /// Reads everything about the lineage. `named` is looked up by hash beside the listing.
    static func take(
        of account: ManagedAccount, workspace: String?, named hash: KeyHash?
    ) throws(StepError) -> LineageSnapshot {
        let api = account.api
        var snapshot = LineageSnapshot()
        var reading = KeyReferences.Reading()
        let questions = KeyReferences.questions(KeyReferences.Subject.allCases, workspace: workspace)
        var calls: [APICall<Part>] = [api.listKeys(workspace: workspace).map { .keys($0) }]
        calls += questions.map { $0.call(api).map { .references($0) } }
        if let hash { calls.append(api.key(hash).map { .named($0) }) }
        for (index, result) in account.client.send(all: calls).enumerated() {
            let question = (1...questions.count).contains(index) ? questions[index - 1] : nil
            if case .failure(let error) = result {
                if let question {
                    try reading.take(.failure(error), to: question)
                    continue
                }
                if index == 0, error.code == .notFound, let workspace {
                    throw StepError(
                        .failed, "OpenRouter has no workspace \(workspace) for this management key",
                        hint: "check the workspace, whose management key this is, and the address of the API")
                }
            }
            let answer = try result.answer()
            snapshot.date = snapshot.date ?? answer.date
            switch answer.value {
            case .keys(let keys): snapshot.keys = keys
            case .named(let key): snapshot.named = key
            case .references(let page): if let question { try reading.take(.success(page), to: question) }
            }
        }
        snapshot.keys = try account.keys(in: workspace, from: snapshot.keys)
        if let other = snapshot.named?.workspaceID, !snapshot.keys.contains(where: { $0.hash == hash }),
            workspace == nil
        {
            return try take(of: account, workspace: other, named: hash)
        }
        snapshot.references = try reading.readOn(account)
        return snapshot
    }
}
