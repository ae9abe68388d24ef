package import HTTP
import JSON
package import PublisherHosting
package import Timestamps

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
    static var probe: Self {
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
