import FoundationEssentials
import HTTP
import OpenRouter
import Rotation
import Secrets
import Timestamps

/// What `ork-retire` reads directly before every effect: one batch, and more only where a list has several pages.
struct RetirementSnapshot {
    let successor: Key
    /// `nil` for a predecessor that OpenRouter does not have any more.
    private(set) var predecessors: [KeyHash: Key?]
    /// All keys of the workspace.
    let keys: [Key]
    /// Requests with a predecessor since its last reading; no entry where it was not asked.
    let requests: [KeyHash: RequestCount]
    /// In which hours a predecessor was used lately; asked before its first reading, and no entry where it is not told.
    let habits: [KeyHash: KeyHabit]
    /// Where keys are named by their hash, as far as the rotation carries that over.
    let references: KeyReferences
    /// Whether OpenRouter did not answer when it was asked for requests.
    let refusesAnalytics: Bool
    /// OpenRouter's clock.
    private(set) var date: Date
    /// How far it is ahead of this machine's, in seconds.
    let lead: TimeInterval

    /// Analytics counts by minutes; a difference of clocks below that, and the time of an answer, do not matter.
    private static let precision: TimeInterval = 60

    private enum Part: Sendable {
        case successor(Key?)
        case predecessor(KeyHash, Key?)
        case keys([Key])
        case requests(KeyHash, RequestCount)
        case habit(KeyHash, KeyHabit?)
        case references(KeyReferences.Answer)
    }

    static func take(
        _ context: StepContext, _ account: ManagedAccount, _ state: State, _ created: State.Successor
    ) throws(StepError) -> RetirementSnapshot {
        try take(
            context, account, state, staying: created.hash, leaving: state.header.predecessors.map(\.hash),
            orElse: missing(created, state))
    }

    /// The same of other roles: of the key that stays, without which there is nothing to read, and of those that are to go.
    static func take(
        _ context: StepContext, _ account: ManagedAccount, _ state: State, staying: KeyHash, leaving: [KeyHash],
        orElse missing: StepError
    ) throws(StepError) -> RetirementSnapshot {
        let (api, client) = (account.api, account.client)
        let workspace = state.header.workspace
        var calls: [APICall<Part>] = [
            api.key(staying).map { .successor($0) }, api.listKeys(workspace: workspace).map { .keys($0) },
        ]
        let questions = KeyReferences.questions(
            KeyReferences.Subject.allCases.filter { $0.kind.map(state.guardedReferences.contains) ?? false },
            workspace: workspace)
        calls += questions.map { $0.call(api).map { .references($0) } }
        var reading = KeyReferences.Reading()
        let asked = context.clock.now
        for hash in leaving {
            calls.append(api.key(hash).map { .predecessor(hash, $0) })
            // Of a key that does not work nobody asks how it is used.
            guard !state.disabled.contains(hash) else { continue }
            guard let reading = state.lastReading(of: hash) else {
                calls.append(api.habit(of: hash, at: asked).map { .habit(hash, $0) })
                continue
            }
            guard reading.wholeMinute < asked else { continue }
            calls.append(reading.requests(hash, to: asked, api).map { .requests(hash, $0) })
        }
        var successor: Key?
        var predecessors: [KeyHash: Key?] = [:]
        var keys: [Key] = []
        var requests: [KeyHash: RequestCount] = [:]
        var habits: [KeyHash: KeyHabit] = [:]
        var refusesAnalytics = false
        var date: Date?
        var lead: TimeInterval?
        for (index, (call, result)) in zip(calls, client.send(all: calls)).enumerated() {
            // Behind the successor and the keys.
            let question = (2..<2 + questions.count).contains(index) ? questions[index - 2] : nil
            if case .failure(let error) = result, let question {
                try reading.take(.failure(error), to: question)
                continue
            }
            // Analytics is one signal of several: without it the others decide.
            if case .failure(let error) = result, call.request.method == .post {
                // A moment's trouble is not a refusal: the next look may tell.
                refusesAnalytics = refusesAnalytics || [.forbidden, .notFound, .invalid].contains(error.code)
                continue
            }
            let answer = try result.answer()
            switch answer.value {
            case .successor(let key):
                // Before anything else is asked for in vain, such as another account's workspace.
                guard let key else { throw missing }
                successor = key
                date = answer.date
                lead = answer.date.map(context.lead)
            case .predecessor(let hash, let key): predecessors[hash] = .some(key)
            case .keys(let page): keys = page
            case .requests(let hash, let count): requests[hash] = count
            case .habit(let hash, let habit): habits[hash] = habit
            case .references(let page): if let question { try reading.take(.success(page), to: question) }
            }
        }
        guard let successor else { throw missing }
        guard let date, let lead else {
            throw StepError(
                .failed, "OpenRouter's answers have no Date header, so quiet and soak cannot be measured",
                hint: "check whether a proxy removes the Date header")
        }
        // Where the clocks differ, analytics was asked for a time that ends too early, or has not come yet; and somebody may
        // have enabled a key that the records have as disabled.
        let areClocksApart = abs(date.timeIntervalSince(asked)) > Self.precision
        for hash in leaving where !refusesAnalytics {
            let isEnabled = predecessors[hash].flatMap { $0 }.map { !$0.disabled } ?? false
            guard isEnabled, areClocksApart || state.disabled.contains(hash),
                let reading = state.lastReading(of: hash), reading.wholeMinute < date
            else { continue }
            let again = reading.requests(hash, to: date, api)
            requests[hash] = (try? client.send(again))?.value ?? .unusable(.stale)
        }
        let all = try account.keys(in: workspace, from: keys)
        return RetirementSnapshot(
            successor: successor, predecessors: predecessors, keys: all, requests: requests,
            habits: habits, references: try reading.readOn(account), refusesAnalytics: refusesAnalytics, date: date,
            lead: lead)
    }

    /// The same after an effect on one key, which alone is read again.
    func reading(_ hash: KeyHash, of account: ManagedAccount) throws(StepError) -> RetirementSnapshot {
        let answer = try account.send { $0.key(hash) }
        var snapshot = self
        snapshot.predecessors[hash] = .some(answer.value)
        snapshot.date = answer.date ?? date
        return snapshot
    }

    private static func missing(_ created: State.Successor, _ state: State) -> StepError {
        StepError(
            .failed, "OpenRouter has no key \(created.name) (\(created.hash.short)): nothing is retired",
            hint:
                "the management key may be another account's, or a newer rotation has retired it: then go on with the "
                + "handoff of that one; if it was deleted by hand, start a new rotation: `\(state.supersedingCommand)`"
                + (state.canGoBack ? ", or put the predecessor back: `ork-rollback`" : ""),
            isRetryable: false)
    }
}
