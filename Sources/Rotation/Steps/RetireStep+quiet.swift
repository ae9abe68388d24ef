import FoundationEssentials
import JSON
import OpenRouter
import Rotation
import Secrets
import Timestamps

extension RetireStep {
    /// The successor's meters must have moved since publishing: a meter that stands still for both keys shows nothing.
    func requireUse(_ state: State, _ snapshot: RetirementSnapshot, _ successor: State.Successor) throws(StepError) {
        // Where use has to be seen and verification could not look, this is the look.
        guard !state.plan.retire.acceptsIdle || state.plan.verify.requiresAdoption else { return }
        let key = snapshot.successor
        if let baseline = state.lastBaseline {
            if case .at(let used) = key.lastUsedAt, used > baseline.at { return }
            if let before = Decimal(string: baseline.cost), key.usageTotal > before { return }
        }
        throw StepError(
            .notYet, "the successor has not been used since it was published",
            hint: "let an application use it: restart what still has the old key, then "
                + "`\(waiting(Interval(seconds: 1800), state))`; if nothing uses this key at the moment: "
                + "`\(command(state, adding: "--accept-idle"))`"
        )
    }

    /// Records the meters of a predecessor unless they stand where the last reading left them and nothing else moved.
    ///
    /// Every run does, whatever else stands in the way, so that the quiet time begins as early as it can.
    func observe(_ key: Key, _ snapshot: RetirementSnapshot, _ state: State) throws(StepError) {
        warnOfPauses(key, snapshot, state)
        guard !context.isDryRun, !state.isUnmoved(key, snapshot) else { return }
        let reading = Reading(at: snapshot.date, meters: [key.hash: Reading.Meter(key)])
        try context.record(
            Entry(step, .observed, message: "read the meters of \(key.plainName)", detail: reading.detail))
    }

    /// A silence that is no longer than the key's own pauses shows little.
    private func warnOfPauses(_ key: Key, _ snapshot: RetirementSnapshot, _ state: State) {
        let quiet = state.plan.retire.quietFor
        guard let pause = snapshot.habits[key.hash]?.longestPause, pause > TimeInterval(quiet.seconds) else { return }
        let hours = Interval(seconds: Int(pause))
        let longer = Interval(seconds: Int(pause) + 3600)
        context.tell(
            .warning(
                "\(key.plainName) was not used for \(hours) at a stretch within the last 30 days, and quiet_for is \(quiet): "
                    + "whoever uses it may only pause; `ork-\(step.rawValue) --quiet-for \(longer)` waits for longer"))
    }

    /// The predecessor must not have been used between two readings that are `quiet_for` apart, by OpenRouter's clock.
    func requireQuiet(_ key: Key, _ snapshot: RetirementSnapshot, _ state: State) throws(StepError) {
        let rules = state.plan.retire
        let count = snapshot.requests[key.hash]
        if key.lastUsedAt != .unreported || count?.count != nil || rules.acceptsCostOnly {
            return try requireUnmoved(key, snapshot, state, for: rules.quietFor)
        }
        guard count == nil, !snapshot.refusesAnalytics else {
            throw StepError(
                .failed,
                "OpenRouter shows only what \(key.plainName) cost, which does not tell whether free models are used",
                hint: "if no application uses :free models, continue with `ork-\(step.rawValue) --accept-cost-only`",
                isRetryable: false)
        }
        // Analytics can be asked for whole minutes after a reading, so the first look cannot tell.
        try requireUnmoved(key, snapshot, state, for: max(rules.quietFor, Interval(seconds: 60)))
        let next = snapshot.date.addingTimeInterval(60)
        throw StepError(.notYet, "nothing is known yet of the use of \(key.plainName)", retryAt: next)
    }

    private func requireUnmoved(
        _ key: Key, _ snapshot: RetirementSnapshot, _ state: State, for quiet: Interval
    ) throws(StepError) {
        let since = state.isUnmoved(key, snapshot) ? state.lastReading(of: key.hash)?.at : nil
        let end = (since ?? snapshot.date).addingTimeInterval(TimeInterval(quiet.seconds))
        guard snapshot.date < end else { return }
        throw StepError(
            .notYet, "\(key.plainName) must have been quiet for \(quiet); \(Self.use(key))",
            hint: "come back at \(end.rfc3339), or wait here: `\(waiting(quiet, state))`; find out who still uses it",
            retryAt: end)
    }

    /// Since when nothing has moved, and by which signals: what the record of disabling says of it.
    func quietEvidence(_ key: Key, _ snapshot: RetirementSnapshot, _ state: State) -> JSONValue? {
        guard let since = state.lastReading(of: key.hash)?.at else { return nil }
        var signals: [JSONValue] = ["cost"]
        if key.lastUsedAt != .unreported { signals.append("last_used_at") }
        if snapshot.requests[key.hash]?.count != nil { signals.append("analytics") }
        return ["since": .string(since.rfc3339), "signals": .array(signals)]
    }

    private static func use(_ key: Key) -> String {
        switch key.lastUsedAt {
        case .at(let date): "it was last used at \(date.rfc3339)"
        case .never: "no use is recorded"
        case .unreported: "its last use is not reported"
        }
    }
}

extension State {
    /// The newest reading of a key's meters.
    func lastReading(of hash: KeyHash) -> Reading? {
        readings.filter { $0.meters[hash] != nil }.max { $0.at < $1.at }
    }

    /// Whether nothing has moved for a key since its last reading.
    func isUnmoved(_ key: Key, _ snapshot: RetirementSnapshot) -> Bool {
        lastReading(of: key.hash)?.meters[key.hash] == Reading.Meter(key) && snapshot.requests[key.hash]?.isNone ?? true
    }
}

extension Reading {
    /// The question how many requests a key made since then. Where OpenRouter reports the key's last use, that tells of
    /// the rest of the hour in which the reading was made; else that hour is counted whole.
    func requests(_ hash: KeyHash, to end: Date, _ api: ManagementAPI) -> APICall<RequestCount> {
        api.requestCounts(hash, from: wholeMinute, to: end, isClosed: meters[hash]?.lastUsed == nil)
    }

    /// The first whole minute that is not before it: analytics counts by minutes, and the minute of the reading
    /// itself may hold requests from before.
    var wholeMinute: Date { Date(timeIntervalSince1970: (at.timeIntervalSince1970 / 60).rounded(.up) * 60) }
}

extension Reading.Meter {
    init(_ key: Key) {
        let lastUsed: Int? =
            switch key.lastUsedAt {
            case .at(let date): Int((date.timeIntervalSince1970 * 1000).rounded())
            case .never: 0
            case .unreported: nil
            }
        self.init(cost: "\(key.usageTotal)", lastUsed: lastUsed)
    }
}

extension RequestCount {
    /// The number, where it can be relied on.
    var count: Int? { if case .count(let count) = self { count } else { nil } }

    /// Whether it shows no request, or shows nothing that can be relied on.
    var isNone: Bool { count.map { $0 == 0 } ?? true }
}
