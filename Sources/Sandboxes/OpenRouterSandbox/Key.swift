package import FoundationEssentials
package import JSON
package import Secrets
import Timestamps

/// A key as the provider knows it: everything but its plaintext.
package struct Key: Sendable {
    /// What the management API calls it.
    package let hash: String
    /// The SHA-256 of its plaintext, by which a bearer is recognised.
    package let digest: Digest
    /// The mask of its plaintext, `sk-or-v1-0e6...1c96`.
    package let label: String
    /// Whether it administers keys, instead of calling models.
    package let isManagement: Bool
    /// Whether an application got it by OAuth; then it is in no list.
    package let isOAuth: Bool
    /// The index of its account.
    package let account: Int
    /// Names are not unique.
    package internal(set) var name: String
    package internal(set) var workspace: String
    package internal(set) var creator: String?
    package internal(set) var externalUser: String?
    /// The SHA-256 of a partner's own lookup key, which no answer shows.
    package let externalKey: Digest?
    package internal(set) var disabled = false
    /// In USD; `nil` for none.
    package internal(set) var limit: Money?
    package internal(set) var limitReset: Period?
    package internal(set) var includesBYOK = false
    package let createdAt: Date
    package internal(set) var updatedAt: Date?
    package internal(set) var expiresAt: Date?
    package internal(set) var deletedAt: Date?
    /// Every call that was answered, in order.
    package internal(set) var uses: [Use] = []

    /// What the servers that answer inference think of the key, from the moments on which it changed.
    var stages: [(at: Date, stage: Stage)]

    enum Stage { case enabled, disabled, deleted }

    /// One answered call.
    package struct Use: Sendable {
        package let at: Date
        /// Its id in `GET /generation`.
        var id: String?
        package let model: String
        /// Charged to OpenRouter's credits, in USD.
        package let cost: Money
        /// Charged by a provider whose own key was used, in USD.
        package let byokCost: Money

        var isFree: Bool { model.hasSuffix(":free") }
    }

    func isExpired(at now: Date) -> Bool { expiresAt.map { $0 <= now } ?? false }

    /// Whether servers that learn of changes `propagation` seconds late accept the key.
    func isAccepted(at now: Date, propagation: TimeInterval) -> Bool {
        let known = stages.last { $0.at.addingTimeInterval(propagation) <= now }
        return known?.stage == .enabled && !isExpired(at: now)
    }

    /// Whether it ends soon enough after its creation.
    func lives(atMost lifetime: TimeInterval?) -> Bool {
        guard let lifetime else { return true }
        return expiresAt.map { $0.timeIntervalSince(createdAt) <= lifetime } ?? false
    }

    mutating func set(disabled: Bool, at now: Date) {
        guard self.disabled != disabled else { return }
        self.disabled = disabled
        stages.append((now, disabled ? .disabled : .enabled))
    }

    mutating func delete(at now: Date) {
        guard deletedAt == nil else { return }
        deletedAt = now
        stages.append((now, .deleted))
    }
}

extension Key {
    /// The key object of create, list, get and update.
    func json(at now: Date, _ behaviour: Behaviour) -> JSONValue {
        var object: JSONObject = [
            "hash": .string(hash), "name": .string(name), "label": .string(label), "disabled": .bool(disabled),
            "created_at": .string(createdAt.rfc3339), "updated_at": .date(updatedAt),
            "creator_user_id": .text(creator), "workspace_id": .string(workspace), "expires_at": .date(expiresAt),
        ]
        object.append(counters(at: now, behaviour))
        if !behaviour.omitsLastUsed {
            object["external_user"] = .text(externalUser)
            object["last_used_at"] = .date(lastUsed(to: now.addingTimeInterval(-behaviour.usageLag)))
        }
        return .object(object)
    }

    /// The limits and the usage counters, which `GET /key` shows too.
    func counters(at now: Date, _ behaviour: Behaviour) -> JSONObject {
        let end = now.addingTimeInterval(-behaviour.usageLag)
        var object: JSONObject = [
            "limit": .money(limit), "limit_remaining": .money(remaining(at: now, to: end)),
            "limit_reset": .text(limitReset?.rawValue), "include_byok_in_limit": .bool(includesBYOK),
        ]
        var totals = [("", total(to: end))]
        totals += Period.allCases.map { ("_" + $0.rawValue, total(from: $0.start(of: now), to: end)) }
        for (suffix, total) in totals {
            object["usage" + suffix] = total.usage.json
            object["byok_usage" + suffix] = total.byok.json
        }
        return object
    }
}

extension JSONObject {
    mutating func append(_ other: JSONObject) {
        for (key, value) in other.members { self[key] = value }
    }
}

extension JSONValue {
    static func text(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }
    static func date(_ date: Date?) -> JSONValue { text(date?.rfc3339) }
    static func money(_ amount: Money?) -> JSONValue { amount?.json ?? .null }
    static func count(_ count: Int) -> JSONValue { .number(JSONNumber(count)) }
}

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

/// An amount in USD, exact to the digits it was written with.
package struct Money: Hashable, Comparable, Sendable, ExpressibleByIntegerLiteral {
    private let amount: Decimal

    private init(_ amount: Decimal) { self.amount = amount }

    /// Whole dollars.
    package init(integerLiteral value: Int) { amount = Decimal(value) }

    /// Reads a decimal number; anything else is nothing at all.
    package init(_ text: String) { amount = Decimal(string: text) ?? 0 }

    init(_ number: JSONNumber) { self.init(number.text) }

    package var json: JSONValue { JSONNumber(amount.description).map(JSONValue.number) ?? 0 }

    package static func < (left: Self, right: Self) -> Bool { left.amount < right.amount }
    package static func + (left: Self, right: Self) -> Self { Self(left.amount + right.amount) }
    package static func - (left: Self, right: Self) -> Self { Self(left.amount - right.amount) }
}

/// The spans of time over which the provider counts: they turn at midnight UTC, on Mondays, on the first of a month.
package enum Period: String, Sendable, CaseIterable {
    case daily
    case weekly
    case monthly

    /// The beginning of the period in which `date` lies.
    package func start(of date: Date) -> Date {
        let day = Self.startOfDay(date)
        switch self {
        case .daily: return day
        case .weekly:
            // 1970-01-01 was a Thursday, three days after a Monday.
            let days = Int(day.timeIntervalSince1970 / Self.day)
            return day.addingTimeInterval(-Double((days + 3) % 7) * Self.day)
        case .monthly:
            return day.addingTimeInterval(-Double(Self.utc.component(.day, from: date) - 1) * Self.day)
        }
    }

    /// The beginning of the period after the one in which `date` lies.
    package func end(of date: Date) -> Date {
        let start = start(of: date)
        switch self {
        case .daily: return start.addingTimeInterval(Self.day)
        case .weekly: return start.addingTimeInterval(7 * Self.day)
        // Between the 29th and the 31st day lies every month's end.
        case .monthly: return self.start(of: start.addingTimeInterval(31 * Self.day))
        }
    }

    static func startOfDay(_ date: Date) -> Date {
        Date(timeIntervalSince1970: (date.timeIntervalSince1970 / day).rounded(.down) * day)
    }

    private static let day: TimeInterval = 86400
    private static let utc = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()
}
