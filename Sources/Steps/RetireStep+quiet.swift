import FoundationEssentials
import JSON
import OpenRouter
import Rotation
import Secrets
import Timestamps

extension RetireStep {
    /// The successor's meters must have moved since publishing: a meter that stands still for both keys shows nothing.
    func requireUse(_ state: State, _ look: Look, _ successor: State.Successor) throws(StepError) {
        guard !state.plan.retire.acceptsIdle else { return }
        let key = look.successor
        if let baseline = state.lastBaseline {
            if case .at(let used) = key.lastUsedAt, used > baseline.at { return }
            if let before = Decimal(string: baseline.cost), key.usageTotal > before { return }
        }
        throw StepError(
            .notYet, "the successor has not been used since it was published",
            hint: "look whether the applications have taken it up; for a key that nobody uses at the moment: "
                + "--accept-idle")
    }

    /// The predecessor must not have been used between two readings that are `quiet_for` apart, by OpenRouter's clock.
    func requireQuiet(_ key: Key, _ look: Look, _ state: State) throws(StepError) {
        let rules = state.plan.retire
        let meter = Reading.Meter(key)
        guard meter.lastUsed != nil || look.requests[key.hash]?.count != nil || rules.acceptsCostOnly else {
            throw StepError(
                .failed,
                "OpenRouter shows only what \(key.name) cost, which does not tell whether free models are used",
                hint: "if no application uses :free models, go on with --accept-cost-only", isWorthWaiting: false)
        }
        let same = state.readings.filter { $0.meters[key.hash] == meter }.map(\.at).min()
        let needed = TimeInterval(rules.quietFor.seconds)
        if let same, look.date.timeIntervalSince(same) >= needed, look.requests[key.hash]?.isNone ?? true { return }
        if same == nil, needed == 0 { return }
        let comeBack: Date
        if let same, look.requests[key.hash]?.isNone ?? true {
            comeBack = same.addingTimeInterval(needed)
        } else {
            if !stage.isDryRun {
                let reading = Reading(at: look.date, meters: [key.hash: meter])
                try stage.record(
                    Entry(.retire, .observed, message: "read the meters of \(key.name)", detail: reading.detail))
            }
            comeBack = look.date.addingTimeInterval(needed)
        }
        throw StepError(
            .notYet, "\(key.name) must have been quiet for \(rules.quietFor); \(Self.use(key))",
            hint: "come back at \(comeBack.rfc3339), or wait here with --wait; find out who still uses it",
            comeBackAt: comeBack)
    }

    private static func use(_ key: Key) -> String {
        switch key.lastUsedAt {
        case .at(let date): "it was last used at \(date.rfc3339)"
        case .never: "no use is recorded"
        case .unreported: "its last use is not reported"
        }
    }
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
