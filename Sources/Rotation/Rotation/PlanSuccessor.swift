package import FoundationEssentials
import JSON
package import Timestamps

extension Plan {
    /// The settings of the new key.
    package struct Successor: PlanSection {
        /// The base name; that of the predecessor if left out.
        package var name: String?
        package var limit: Limit = .inherit
        package var limitReset: Inherited<LimitReset?> = .inherit
        package var includeBYOKInLimit: Inherited<Bool> = .inherit
        /// The lifetime; inherited is the predecessor's lifetime, never its date. `nil` is no expiry.
        package var expiresIn: Inherited<Interval?> = .inherit
        package var references = References()

        package init() {}

        package static let key = "successor"

        package static let fields: [PlanField<Self>] = [
            PlanField(
                "name", \.name, .optional(.text), flags: [.option("name", standard: "the predecessor's")],
                help: "The base name of the new key"),
            PlanField(
                "limit", \.limit, .limit, flags: [.option("amount")],
                help:
                    "Its limit in US dollars, null, or remaining: what is left of the predecessor's until it starts over"
            ),
            PlanField(
                "limit_reset", \.limitReset, .inherited(.orNull(.limitReset, "null")), flags: [.option("period")],
                help: "When its limit starts over: daily, weekly, monthly or null"),
            PlanField(
                "include_byok_in_limit", \.includeBYOKInLimit, .inherited(.bool),
                help: "Whether the use of the account's own provider keys counts towards its limit"),
            PlanField(
                "expires_in", \.expiresIn, .inherited(.orNull(.positiveInterval, "null for none")),
                flags: [.option("duration")], help: "Its lifetime, such as 90d, or null"),
            .section(\.references, help: "What becomes of the lists at OpenRouter that name the replaced key"),
        ]
    }

    /// A setting of the successor that may be the predecessor's.
    package enum Inherited<Value: Hashable & Sendable>: Hashable, Sendable {
        case inherit
        case set(Value)
    }

    /// The limit of the successor.
    package enum Limit: Hashable, Sendable {
        /// The predecessor's, whatever it has spent in this period.
        case inherit
        /// What the predecessor has left in this period, and its limit from the next one on.
        case remaining
        /// In US dollars; `nil`: none.
        case set(Money?)
    }

    /// When a limit starts over (`limit_reset`; midnight UTC, weeks from Monday).
    package enum LimitReset: String, Hashable, Sendable, CaseIterable {
        case daily, weekly, monthly

        /// The next moment at which it does.
        package func turn(after date: Date) -> Date {
            let day = 86400.0
            let today = (date.timeIntervalSince1970 / day).rounded(.down)
            switch self {
            case .daily: return Date(timeIntervalSince1970: (today + 1) * day)
            // The fifth day of 1970 was the first Monday.
            case .weekly:
                return Date(timeIntervalSince1970: (((today - 4) / 7).rounded(.down) * 7 + 11) * day)
            case .monthly:
                let month = date.rfc3339.prefix(7)
                // The first day of a month and 32 days more are in the next month.
                let next = Date(rfc3339: "\(month)-01T00:00:00Z")?.addingTimeInterval(32 * day) ?? date
                return Date(rfc3339: "\(next.rfc3339.prefix(7))-01T00:00:00Z") ?? next
            }
        }
    }
}

extension PlanCodec where Value == Money {
    fileprivate static var money: Self {
        Self(
            "an amount in US dollars such as 25 or 12.50",
            schema: { schema in
                schema.reference("money") { _ in
                    [
                        "description": "An amount in US dollars such as 25 or 12.50.", "type": ["string", "number"],
                        "minimum": 0, "maxLength": 30, "pattern": #"^(0|[1-9][0-9]*)(\.[0-9]+)?$"#,
                    ]
                }
            }, read: { value throws(PlanError) in (value.json.string ?? value.json.number?.text).flatMap(Money.init) },
            write: { .string($0.description) })
    }
}

extension PlanCodec where Value == Plan.Limit {
    fileprivate static var limit: Self {
        let amount = PlanCodec<Money?>.orNull(.money, "null for no limit")
        return Self(
            "inherit", "remaining", "an amount in US dollars such as 25 or 12.50", "null for no limit",
            schema: { PlanSchema.any([["enum": ["inherit", "remaining"]], amount.schema(&$0)]) },
            read: { value throws(PlanError) in
                switch value.json.string {
                case "inherit": .inherit
                case "remaining": .remaining
                default: try amount.read(value).map { .set($0) }
                }
            },
            write: { limit in
                switch limit {
                case .inherit: "inherit"
                case .remaining: "remaining"
                case .set(let money): amount.write(money)
                }
            })
    }
}

extension PlanCodec where Value == Plan.LimitReset {
    fileprivate static var limitReset: Self {
        Self(
            "daily", "weekly", "monthly",
            schema: { _ in ["enum": .array(Value.allCases.map { .string($0.rawValue) })] },
            read: { value throws(PlanError) in value.json.string.flatMap(Value.init) },
            write: { .string($0.rawValue) })
    }
}
