import FoundationEssentials
import JSON
import PublisherPlugin
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
