/// A member of an object that is missing, or not what its reader expects. It never quotes the value.
public struct JSONFieldError: Error, Hashable, Sendable {
    /// The member's name.
    public let key: String
    /// What the object is called in messages: "the answer", say.
    public let object: String
    /// What was expected in the place of another type, as "a string"; `nil` where the member is missing.
    public let expected: String?

    /// One clause for people.
    public var message: String {
        expected.map { "\(key) in \(object) is not \($0)" } ?? "\(object) has no \(key)"
    }
}

/// The members of one object, read by type: unknown ones are ignored, `null` counts as missing, and what is missing or of
/// another type is the error that a layer makes of it.
public struct JSONFields<Failure: Error>: Sendable {
    /// The object as it stands.
    public let object: JSONObject
    /// What it is called in messages.
    public let name: String
    private let makeError: @Sendable (JSONFieldError) -> Failure

    /// The members of `object`, whose errors are what `makeError` gives.
    public init(_ object: JSONObject, name: String, makeError: @escaping @Sendable (JSONFieldError) -> Failure) {
        self.object = object
        self.name = name
        self.makeError = makeError
    }

    /// The member as it stands, `null` too.
    public subscript(key: String) -> JSONValue? { object[key] }

    /// The error of a member that is missing, or that is not `expected`.
    public func error(_ key: String, isNot expected: String? = nil) -> Failure {
        makeError(JSONFieldError(key: key, object: name, expected: expected))
    }

    /// What `read` makes of the member, which is called `type` in messages; `nil` where it is missing.
    public func optional<Value>(
        _ key: String, _ read: (JSONValue) -> Value?, _ type: String
    ) throws(Failure) -> Value? {
        guard let value = object[key], !value.isNull else { return nil }
        guard let result = read(value) else { throw error(key, isNot: type) }
        return result
    }

    /// What `read` makes of the member, which is called `type` in messages.
    public func required<Value>(
        _ key: String, _ read: (JSONValue) -> Value?, _ type: String
    ) throws(Failure) -> Value {
        guard let value = try optional(key, read, type) else { throw error(key) }
        return value
    }

    /// A string.
    public func string(_ key: String) throws(Failure) -> String { try required(key, \.string, "a string") }

    /// A string, or nothing.
    public func optionalString(_ key: String) throws(Failure) -> String? { try optional(key, \.string, "a string") }

    /// An array of strings; an empty one where it is missing.
    public func strings(_ key: String) throws(Failure) -> [String] {
        try optional(key, \.strings, "an array of strings") ?? []
    }

    /// A whole number.
    public func integer(_ key: String) throws(Failure) -> Int { try required(key, \.integer, "a whole number") }

    /// `true` or `false`.
    public func bool(_ key: String) throws(Failure) -> Bool { try required(key, \.bool, "true or false") }

    /// The members of an object below this one.
    public func fields(_ key: String) throws(Failure) -> JSONFields {
        below(try required(key, \.object, "an object"), key)
    }

    /// The members of each object in an array.
    public func list(_ key: String) throws(Failure) -> [JSONFields] {
        try required(key, \.objects, "an array of objects").map { below($0, key) }
    }

    private func below(_ object: JSONObject, _ key: String) -> JSONFields {
        JSONFields(object, name: "\(key) in \(name)", makeError: makeError)
    }
}

extension JSONValue {
    /// The strings of an array that has nothing else.
    public var strings: [String]? { elements(\.string) }

    /// The objects of an array that has nothing else.
    public var objects: [JSONObject]? { elements(\.object) }

    /// What `read` makes of each element of an array; `nil` where there is one of which it makes nothing.
    public func elements<Element>(_ read: (JSONValue) -> Element?) -> [Element]? {
        guard let array else { return nil }
        let elements = array.compactMap(read)
        return elements.count == array.count ? elements : nil
    }
}
