import ChildProcesses
import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import Timestamps

/// A target's `with`, checked. Every command has its program first.
struct CommandSettings {
    let publish: [String]
    let verify: [String]?
    let check: [String]?
    /// The longest a command may take; `nil` up to the request's deadline.
    let timeout: Interval?

    /// Errors are of code `configuration` and name the field.
    init(_ with: JSONObject) throws(PublisherError) {
        guard let publish = try Self.command(with, "publish") else {
            throw Settings.error("publish", "'publish' is missing", hint: Self.hint)
        }
        self.publish = publish
        verify = try Self.command(with, "verify")
        check = try Self.command(with, "check")
        timeout = try Self.timeout(with)
    }

    /// All commands that there are, with their keys.
    var commands: [(key: String, arguments: [String])] {
        [("publish", publish), ("verify", verify), ("check", check)].compactMap { key, arguments in
            arguments.map { (key, $0) }
        }
    }

    /// When a command that starts now has to be done.
    func end(_ request: PublisherRequest) -> Date {
        timeout.map { min(request.deadline, Date() + Double($0.seconds)) } ?? request.deadline
    }

    private static let hint = "write the program and its arguments as a list; no shell reads them"

    private static func command(_ with: JSONObject, _ key: String) throws(PublisherError) -> [String]? {
        guard let value = with[key] else { return nil }
        let arguments = value.array?.compactMap(\.string) ?? []
        guard let program = arguments.first, !program.isEmpty, arguments.count == value.array?.count,
            !arguments.contains(where: { $0.utf8.contains(0) })
        else { throw Settings.error(key, "'\(key)' is not a list of texts", hint: hint) }
        return arguments
    }

    private static func timeout(_ with: JSONObject) throws(PublisherError) -> Interval? {
        guard let value = with["timeout"] else { return nil }
        guard let interval = value.string.flatMap({ Interval($0) }), interval > .zero else {
            throw Settings.error("timeout", "'timeout' is not a length of time", hint: "write it as 30s or 2m")
        }
        return interval
    }
}

/// One program of the user's, with the arguments it gets and the environment that says what it is about.
struct Command {
    private let program: Program

    /// The environment is this process's own, and what is public about the request.
    init(_ arguments: [String], _ request: PublisherRequest, _ verb: Verb) {
        var environment = ProcessInfo.processInfo.environment
        environment["ORK_VERB"] = verb.rawValue
        environment["ORK_OPERATION"] = request.operation
        environment["ORK_ROTATION"] = request.rotation
        environment["ORK_TARGET"] = request.target
        environment["ORK_DIGEST"] = request.digest.description
        environment["ORK_EXPECT"] = request.expect?.map(\.description).joined(separator: " ")
        var program = Program(arguments, environment: environment)
        program.errors = .inherited
        self.program = program
    }

    /// The most bytes that are read from a program.
    static let outputLimit = 64 << 10

    /// Runs the program to its end, or stops it at `end`; without `capture` nobody reads its standard output.
    func run(input: Secret? = nil, capture: Bool = false, until end: Date) -> Run {
        var program = program
        program.output = capture ? .collected : .discarded
        let time = Duration.seconds(max(0, end.timeIntervalSinceNow))
        return program.run(Run.Options(input: input, outputLimit: Self.outputLimit, time: time))
    }
}
