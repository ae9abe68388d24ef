package import HTTP
import JSON
package import PublisherHosting
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

        package init() {}

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

extension Plan {
    /// How the application is asked whether it works.
    package enum Probe: Hashable, Sendable {
        case http(HTTPProbe)
        case command(CommandProbe)

        /// A GET that must answer one of these statuses.
        package static func http(url: String, expect: [Int]) -> Self {
            var probe = HTTPProbe()
            probe.url = url
            probe.expect = expect
            return .http(probe)
        }

        /// A program that must exit 0.
        package static func command(
            arguments: [String], environment: [EnvironmentName: EnvironmentName], timeout: Interval
        ) -> Self {
            var probe = CommandProbe()
            probe.arguments = arguments
            probe.environment = environment
            probe.timeout = timeout
            return .command(probe)
        }
    }

    /// A GET that must answer one of these statuses.
    package struct HTTPProbe: PlanSection {
        package var url = ""
        package var expect = [200]
        /// Whether the address may be plain http to another machine: then whoever is on the way can say that all is well.
        package var allowsPlainHTTP = false

        package init() {}

        /// The address, by the rule for where plain http may be spoken.
        package func address() throws(HTTPURL.Mistake) -> HTTPURL {
            allowsPlainHTTP ? try HTTPURL(allowingPlain: url) : try HTTPURL(url)
        }

        package static let key = "http"

        package static let fields: [PlanField<Self>] = [
            PlanField("url", \.url, .plainAddress, isRequired: true, help: "The application's address"),
            PlanField("expect", \.expect, .statuses, help: "The statuses that it may answer"),
            PlanField(
                "plain_http", \.allowsPlainHTTP, .bool.unlessFalse,
                help:
                    "Let the address be plain http, as inside a cluster: whoever is on the way can answer in its place"),
        ]
    }

    /// A program that must exit 0.
    package struct CommandProbe: PlanSection {
        /// The program and its arguments.
        package var arguments: [String] = []
        /// Names in the program's environment, and the variables of the step that they take their values from.
        package var environment: [EnvironmentName: EnvironmentName] = [:]
        package var timeout = Interval(seconds: 60)
        /// What it sees relative paths from.
        package var origin = PathOrigin.currentFolder

        package init() {}

        package static let key = "command"

        package static let fields: [PlanField<Self>] = [
            PlanField("run", \.arguments, .arguments, isRequired: true, help: "The program and its arguments"),
            PlanField("env", \.environment, .environment, help: "The variables that it gets"),
            PlanField("timeout", \.timeout, .interval, help: "How long it may take"),
            PlanField(
                "from", \.origin, .pathOrigin, isForPeople: false,
                help: "What relative paths are seen from: the folder of ork.yaml, or without this the current one"),
        ]
    }
}

extension PlanCodec where Value == Plan.Probe {
    fileprivate static var probe: Self {
        let kinds = Self.oneOf([
            PlanKind(Plan.HTTPProbe.key, .httpProbe, Value.http) {
                if case .http(let probe) = $0 { probe } else { nil }
            },
            PlanKind(Plan.CommandProbe.key, .section, Value.command) {
                if case .command(let probe) = $0 { probe } else { nil }
            },
        ])
        return kinds.defined(as: "probe")
    }
}

extension PlanCodec where Value == Plan.HTTPProbe {
    /// Which address a probe may have depends on what else it says.
    fileprivate static var httpProbe: Self {
        Self(
            section.expected,
            schema: { schema in
                guard schema.unknownKeys == .refused else { return section.schema(&schema) }
                let near = PlanCodec<String>.address(query: true).schema(&schema)
                return schema.reference(Value.key) { schema in
                    var object = schema.object(Value.self, standard: Value()).object ?? [:]
                    object["anyOf"] = [
                        ["properties": ["url": near]],
                        ["properties": ["plain_http": ["const": true]], "required": ["plain_http"]],
                    ]
                    return .object(object)
                }
            },
            read: { value throws(PlanError) in
                guard let probe = try section.read(value) else { return nil }
                // One in a handoff is read as an address by whoever connects.
                guard value.unknownKeys == .refused else { return probe }
                do throws(HTTPURL.Mistake) { _ = try probe.address() } catch {
                    let other = error == .plaintext ? Self.alternative : ""
                    throw value.below("url", .string(probe.url)).error(error.rawValue + other)
                }
                return probe
            }, write: section.write)
    }

    private static var alternative: String {
        ", or plain_http: true on a network that you trust"
    }
}

extension PlanCodec where Value == [Int] {
    fileprivate static var statuses: Self {
        Self(
            "a status such as 200", "a list of them",
            schema: { schema in
                let status = schema.reference("status") { _ in ["type": "integer", "minimum": 100, "maximum": 599] }
                return PlanSchema.any([status, ["type": "array", "minItems": 1, "items": status]])
            },
            read: { value throws(PlanError) in
                let statuses = (value.json.array ?? [value.json]).map { $0.integer ?? 0 }
                return statuses.isEmpty || statuses.contains { !(100...599).contains($0) } ? nil : statuses
            }, write: { .array($0.map { .number(JSONNumber($0)) }) })
    }
}

extension PlanCodec where Value == [String] {
    fileprivate static var arguments: Self {
        Self(
            "a list: the program and its arguments",
            schema: { _ in ["type": "array", "minItems": 1, "items": ["type": "string"]] },
            read: { value throws(PlanError) in
                let arguments = value.json.array?.compactMap(\.string) ?? []
                return arguments.isEmpty || arguments.count != value.json.array?.count ? nil : arguments
            }, write: { .array($0.map { .string($0) }) })
    }
}
