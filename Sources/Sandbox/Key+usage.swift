import FoundationEssentials

extension Key {
    /// The sum of what was used, of OpenRouter's credits and of other providers' keys.
    struct Total {
        var usage: Money = 0
        var byok: Money = 0
    }

    /// What was used from `start` to `end`, both included.
    func total(from start: Date = .distantPast, to end: Date) -> Total {
        uses.reduce(into: Total()) { total, use in
            guard use.at >= start, use.at <= end else { return }
            total.usage = total.usage + use.cost
            total.byok = total.byok + use.byokCost
        }
    }

    /// What counts against the limit in the period of `now`, as far as it happened before `end`.
    func spent(at now: Date, to end: Date) -> Money {
        let total = total(from: limitReset?.start(of: now) ?? .distantPast, to: end)
        return includesBYOK ? total.usage + total.byok : total.usage
    }

    /// What the limit leaves, never below zero; `nil` without a limit.
    func remaining(at now: Date, to end: Date) -> Money? {
        limit.map { max(0, $0 - spent(at: now, to: end)) }
    }

    /// The last use up to `end`.
    func lastUsed(to end: Date) -> Date? { uses.last { $0.at <= end }?.at }
}
