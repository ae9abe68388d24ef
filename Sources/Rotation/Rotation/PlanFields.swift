import JSON
import PublisherHosting
import Timestamps

/// What is wrong with a plan, and where. Configuration turns the path into a file and a line.
package struct PlanError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The keys that lead to the place, from the plan's root.
    package let path: [String]
    /// What is wrong: lower case, no full stop, without the value.
    package let message: String

    package init(_ path: [String], _ message: String) {
        self.path = path
        self.message = message
    }

    /// `targets.web.wave: must be …`
    package var description: String { path.isEmpty ? message : "\(path.joined(separator: ".")): \(message)" }
}

/// What a reader of plans does with keys that it does not know.
package enum UnknownKeys: Sendable {
    /// An error: in what people write, an unknown key is a typing mistake.
    case refused
    /// Kept and passed over: a handoff may come from a newer version.
    case ignored
}

/// The members of one object of a plan, read by name, with errors that tell the place.
struct PlanFields {
    let object: JSONObject
    let path: [String]
    let unknownKeys: UnknownKeys

    init(_ value: JSONValue, _ path: [String], _ unknownKeys: UnknownKeys, known: [String]) throws(PlanError) {
        guard let object = value.object else { throw PlanError(path, "must be a mapping") }
        self.object = object
        self.path = path
        self.unknownKeys = unknownKeys
        if unknownKeys == .refused, let unknown = object.keys.first(where: { !known.contains($0) }) {
            throw PlanError(path + [unknown], "is not a key here; known are \(known.joined(separator: ", "))")
        }
    }

    func error(_ key: String, _ message: String) -> PlanError { PlanError(path + [key], message) }

    /// Reads `key` with `read`, which answers `nil` for what it does not accept; `nil` if the key is not there.
    func read<Value>(
        _ key: String, _ expected: String, _ read: (JSONValue) throws(PlanError) -> Value?
    ) throws(PlanError) -> Value? {
        guard let value = object[key] else { return nil }
        guard let result = try read(value) else { throw error(key, "must be \(expected)") }
        return result
    }

    func require<Value>(
        _ key: String, _ expected: String, _ read: (JSONValue) throws(PlanError) -> Value?
    ) throws(PlanError) -> Value {
        guard let result = try self.read(key, expected, read) else {
            throw error(key, "is missing; it must be \(expected)")
        }
        return result
    }

    func string(_ key: String) throws(PlanError) -> String? {
        try read(key, "a text on one line, not empty") { value throws(PlanError) in
            value.string.flatMap { text in
                text.isEmpty || text.unicodeScalars.contains { $0.value < 32 || $0.value == 127 } ? nil : text
            }
        }
    }

    func bool(_ key: String) throws(PlanError) -> Bool? {
        try read(key, "true or false") { value throws(PlanError) in value.bool }
    }

    func interval(_ key: String) throws(PlanError) -> Interval? {
        try read(key, "a length of time such as 30s, 15m, 24h or 7d") { value throws(PlanError) in
            value.string.flatMap(Interval.init)
        }
    }

    /// `inherit`, or whatever `read` accepts.
    func inherited<Value>(
        _ key: String, _ expected: String, _ read: (JSONValue) -> Value?
    ) throws(PlanError) -> Plan.Inherited<Value>? {
        try self.read(key, "inherit or \(expected)") { value throws(PlanError) in
            value.string == "inherit" ? .inherit : read(value).map { .set($0) }
        }
    }

    /// A list of names of environment variables, or a map of a child's names to ours.
    func environment(_ key: String) throws(PlanError) -> [EnvironmentName: EnvironmentName]? {
        try read(key, "a list of environment variables, or a mapping of the child's names to ours") {
            value throws(PlanError) in
            var result: [EnvironmentName: EnvironmentName] = [:]
            for name in value.array ?? [] {
                guard let name = name.string.flatMap(EnvironmentName.init) else { return nil }
                result[name] = name
            }
            for (name, source) in value.object?.members ?? [] {
                guard let name = EnvironmentName(name), let source = source.string.flatMap(EnvironmentName.init)
                else { return nil }
                result[name] = source
            }
            return value.array == nil && value.object == nil ? nil : result
        }
    }
}
