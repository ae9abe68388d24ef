import JSON

/// Reads the members of one object of the contract: unknown ones are ignored, known ones must have their type.
struct WireReader {
    let object: JSONObject
    /// What the object is called in messages.
    let name: String

    init(_ value: JSONValue?, _ name: String) throws(PublisherError) {
        guard let object = value?.object else { throw PublisherError(.internal, "\(name) is not a JSON object") }
        self.object = object
        self.name = name
    }

    init(parsing line: some Collection<UInt8>, _ name: String) throws(PublisherError) {
        let value: JSONValue
        // As strict as the handoff, which keeps the receipt.
        do { value = try JSONValue(parsing: line, numbers: .integers, depth: 32) } catch {
            throw PublisherError(.internal, "\(name) cannot be read: \(error.code.rawValue)")
        }
        try self.init(value, name)
    }

    /// Refuses another version of the contract.
    func checkProtocol() throws(PublisherError) {
        guard let version = try optional("protocol", \.integer, "a whole number") else { throw missing("protocol") }
        guard version == PublisherInformation.protocolVersion else {
            throw PublisherError(
                .configuration,
                "\(name) speaks protocol \(version), but only protocol \(PublisherInformation.protocolVersion) is spoken here",
                hint: "take the publisher and the steps from one release")
        }
    }

    /// The member in the type that `read` gives; `null` counts as not there.
    func optional<Value>(
        _ key: String, _ read: (JSONValue) -> Value?, _ type: String
    ) throws(PublisherError) -> Value? {
        guard let value = object[key], !value.isNull else { return nil }
        guard let result = read(value) else { throw PublisherError(.internal, "\(key) in \(name) is not \(type)") }
        return result
    }

    func required<Value>(
        _ key: String, _ read: (JSONValue) -> Value?, _ type: String
    ) throws(PublisherError) -> Value {
        guard let value = try optional(key, read, type) else { throw missing(key) }
        return value
    }

    func string(_ key: String) throws(PublisherError) -> String { try required(key, \.string, "a string") }

    func optionalString(_ key: String) throws(PublisherError) -> String? {
        try optional(key, \.string, "a string")
    }

    func strings(_ key: String) throws(PublisherError) -> [String] {
        try optional(key, \.strings, "an array of strings") ?? []
    }

    func reader(_ key: String) throws(PublisherError) -> WireReader {
        guard let value = object[key] else { throw missing(key) }
        return try WireReader(value, "\(key) in \(name)")
    }

    func missing(_ key: String) -> PublisherError { PublisherError(.internal, "\(name) has no \(key)") }
}

extension JSONValue {
    /// The strings of an array that has nothing else.
    var strings: [String]? {
        guard let elements = array else { return nil }
        let strings = elements.compactMap(\.string)
        return strings.count == elements.count ? strings : nil
    }
}
