import JSON
package import Timestamps

extension Plan {
    /// The settings of the new key.
    package struct Successor: PlanSection {
        /// The base name; that of the predecessor if left out.
        package var name: String?
        package var limit: Inherited<Money?> = .inherit
        package var limitReset: Inherited<LimitReset?> = .inherit
        package var includeBYOKInLimit: Inherited<Bool> = .inherit
        /// The lifetime; inherited is the predecessor's lifetime, never its date. `nil` is no expiry.
        package var expiresIn: Inherited<Interval?> = .inherit

        package init() {}

        package static let key = "successor"

        package static let fields: [PlanField<Self>] = [
            PlanField(
                "name", \.name, .optional(.text), flags: [.option("name", standard: "the predecessor's")],
                help: "The base name of the new key"),
            PlanField(
                "limit", \.limit, .inherited(.orNull(.money, "null for no limit")), flags: [.option("amount")],
                help: "Its limit in US dollars, or null"),
            PlanField(
                "limit_reset", \.limitReset, .inherited(.orNull(.limitReset, "null")), flags: [.option("period")],
                help: "When its limit starts over: daily, weekly, monthly or null"),
            PlanField(
                "include_byok_in_limit", \.includeBYOKInLimit, .inherited(.bool),
                help: "Whether the use of the account's own provider keys counts towards its limit"),
            PlanField(
                "expires_in", \.expiresIn, .inherited(.orNull(.positiveInterval, "null for none")),
                flags: [.option("duration")], help: "Its lifetime, such as 90d, or null"),
        ]
    }

    /// A setting of the successor that may be the predecessor's.
    package enum Inherited<Value: Hashable & Sendable>: Hashable, Sendable {
        case inherit
        case set(Value)
    }

    /// When a limit starts over (`limit_reset`; midnight UTC, weeks from Monday).
    package enum LimitReset: String, Hashable, Sendable, CaseIterable {
        case daily, weekly, monthly
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

extension PlanCodec where Value == Plan.LimitReset {
    fileprivate static var limitReset: Self {
        Self(
            "daily", "weekly", "monthly",
            schema: { _ in ["enum": .array(Value.allCases.map { .string($0.rawValue) })] },
            read: { value throws(PlanError) in value.json.string.flatMap(Value.init) },
            write: { .string($0.rawValue) })
    }
}
