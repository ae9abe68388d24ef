import JSON
package import Timestamps

extension Plan {
    /// How the successor is handed out.
    package struct PublishRules: PlanSection {
        /// How long after its creation the successor is left alone, until it is known everywhere.
        package var settle = Interval(seconds: 30)
        /// How long after its creation the successor may be handed out.
        package var publishBy = Interval(seconds: 30 * 86400)
        /// A model that is asked one short question with the successor before it is handed out.
        package var inference: String?

        package init() {}

        package static let key = "publish"

        package static let fields: [PlanField<Self>] = [
            PlanField(
                "settle", \.settle, .interval, flags: [.option("duration")],
                help: "Leave a new key alone for this long before it is used"),
            PlanField(
                "publish_by", \.publishBy, .interval, help: "How long after its creation a new key may be handed out"),
            PlanField(
                "inference", \.inference, .optional(.text), flags: [.option("model")],
                help: "Ask this model one short question with the new key before publishing"),
        ]
    }

    /// What counts as evidence that the successor works.
    package struct VerifyRules: PlanSection {
        /// How long a verification permits retirement.
        package var validFor = Interval(seconds: 86400)
        package var probes: [Probe] = []
        /// Whether the successor must have been seen in use, beyond ork's own probes.
        package var requiresAdoption = false

        package init() {}

        package static let key = "verify"

        package static let fields: [PlanField<Self>] = [
            PlanField(
                "valid_for", \.validFor, .interval, flags: [.option("duration")],
                help: "How long a verification permits retirement"),
            PlanField(
                "probes", \.probes, .list(.probe),
                flags: [
                    .form(
                        "probe", "probe",
                        help:
                            "Ask the application: an address that must answer 200, plain:URL for plain http, or exec:PROGRAM that must exit 0; none drops those before"
                    )
                ], help: "How the application is asked whether it works"),
            PlanField(
                "require_adoption", \.requiresAdoption, .bool, flags: [.toggle],
                help: "The successor must have been seen in use"),
        ]

        /// The same evidence, which permits retirement for as long as the other says.
        func lasting(as other: Self) -> Self {
            var rules = self
            rules.validFor = other.validFor
            return rules
        }
    }

    /// When the predecessor may go.
    package struct RetireRules: PlanSection {
        /// How long both keys stay alive after the last write.
        package var overlap = Interval(seconds: 86400)
        /// How long the predecessor must not have been used.
        package var quietFor = Interval(seconds: 86400)
        /// How long the predecessor stays disabled before it is deleted.
        package var soak = Interval(seconds: 86400)
        /// Retire although only cost figures exist, which do not show `:free` traffic.
        package var acceptsCostOnly = false
        /// Retire although the successor has not been used either: a key that nobody uses at the moment.
        package var acceptsIdle = false
        /// Retire although no target is known to have held the predecessor: all of them are new on purpose.
        package var acceptsNewTargets = false
        package var onTrouble = Trouble.hold
        package var checklist = Checklist.show

        package init() {}

        /// What is done where an application or the successor fails while the predecessor is disabled.
        package enum Trouble: String, Hashable, Sendable, CaseIterable {
            /// Nothing is deleted.
            case hold
            /// Nothing is deleted, and the predecessor is enabled again.
            case restore
            /// The application is not asked.
            case ignore
        }

        package static let key = "retire"

        package static let fields: [PlanField<Self>] = [
            PlanField(
                "overlap", \.overlap, .interval, flags: [.option("duration")],
                help: "How long both keys live after the last write"),
            PlanField(
                "quiet_for", \.quietFor, .interval, flags: [.option("duration")],
                help: "How long the predecessor must not have been used"),
            PlanField(
                "soak", \.soak, .interval, flags: [.option("duration")],
                help: "How long it stays disabled before it is deleted"),
            PlanField(
                "accept_cost_only", \.acceptsCostOnly, .bool, flags: [.toggle],
                help: "Retire although only cost figures exist, which do not show the use of :free models"),
            PlanField(
                "accept_idle", \.acceptsIdle, .bool, flags: [.toggle],
                help: "Retire although the successor has not been used either"),
            PlanField(
                "accept_new_targets", \.acceptsNewTargets, .bool, flags: [.toggle],
                help: "Retire although no target is known to have held the predecessor"),
            PlanField(
                "on_trouble", \.onTrouble, .trouble, flags: [.option("what")],
                help:
                    "What to do if a probe or the successor fails while the predecessor is disabled: hold, restore it, or ignore the probes"
            ),
            PlanField(
                "checklist", \.checklist, .checklist, flags: [.option("way")],
                help:
                    "What has no API at OpenRouter is to be looked after by hand: print it, or confirm it before retirement"
            ),
        ]
    }
}

/// When a rotation is due. It is no part of the plan: the steps of a rotation that has begun have no use for it.
package struct DueRules: PlanSection {
    /// The age at which a key is to be replaced; `nil`: no age makes it due.
    package var every: Interval?
    /// How long before its expiry a key is to be replaced.
    package var beforeExpiry = Interval(seconds: 7 * 86400)

    package init() {}

    package static let key = "due"

    package static let fields: [PlanField<Self>] = [
        // Without the positive length a key would be due in the moment in which it is made.
        PlanField(
            "every", \.every, .optional(.positiveInterval),
            flags: [.option("duration", name: "older-than", standard: "due.every in the file")],
            help: "The age at which a key is due"),
        PlanField(
            "before_expiry", \.beforeExpiry, .interval,
            flags: [.option("duration", name: "expires-within", standard: "due.before_expiry in the file, then 7d")],
            help: "How long before its expiry a key is due"),
    ]
}

extension PlanCodec where Value == Plan.RetireRules.Trouble {
    fileprivate static var trouble: Self {
        Self(
            "hold", "restore", "ignore",
            schema: { _ in ["enum": .array(Value.allCases.map { .string($0.rawValue) })] },
            read: { value throws(PlanError) in value.json.string.flatMap(Value.init) },
            write: { .string($0.rawValue) })
    }
}
