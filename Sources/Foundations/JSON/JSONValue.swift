/// Any JSON value, as RFC 8259 has it. Objects keep the order of their members; numbers keep their text.
public enum JSONValue: Hashable, Sendable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number, in the text it was written in.
    case number(JSONNumber)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object.
    case object(JSONObject)
}

/// A JSON number as it was written, so that no digit of an amount of money is lost to binary fractions.
public struct JSONNumber: Hashable, Sendable {
    /// The number's text, valid under RFC 8259 §6.
    public let text: String

    init(validated text: String) { self.text = text }

    /// A whole number.
    public init(_ integer: Int) { text = String(integer) }

    /// Any text that is a number under RFC 8259 §6, `nil` for others.
    public init?(_ text: String) {
        var parser = JSONParser(Array(text.utf8), depth: 1, numbers: .any)
        guard let value = try? parser.document(), case .number(let number) = value, number.text == text else {
            return nil
        }
        self = number
    }

    /// The number as a whole one, `nil` if it has a fraction, an exponent or does not fit.
    public var integer: Int? { Int(text) }
    /// The number in binary; precise enough to compare and to show, not to add up.
    public var double: Double { Double(text) ?? .nan }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A whole number.
    public init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// `null`.
    public init(nilLiteral: ()) { self = .null }
    /// An array.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object; of two equal keys the last one stands.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }
}

extension JSONValue {
    /// The string, `nil` for other kinds.
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    /// The whole number, `nil` for other kinds.
    public var integer: Int? { if case .number(let value) = self { value.integer } else { nil } }
    /// The number, `nil` for other kinds.
    public var number: JSONNumber? { if case .number(let value) = self { value } else { nil } }
    /// The boolean, `nil` for other kinds.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The elements, `nil` for other kinds.
    public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    /// The object, `nil` for other kinds.
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
    /// Whether this is `null`.
    public var isNull: Bool { self == .null }
    /// The member `key` if this is an object that has it.
    public subscript(key: String) -> JSONValue? { object?[key] }

    /// The same with each string, but for the names of members, changed.
    package func mapStrings(_ change: (String) -> String) -> JSONValue {
        switch self {
        case .string(let text): return .string(change(text))
        case .array(let elements): return .array(elements.map { $0.mapStrings(change) })
        case .object(let object):
            // The names stay, so that none stands twice.
            return .object(JSONObject(uniqueMembers: object.members.map { ($0.key, $0.value.mapStrings(change)) }))
        case .null, .bool, .number: return self
        }
    }
}

extension JSONValue {
    /// Strings are equal when their bytes are (RFC 8259 §8.3): two normal forms of a letter are two values.
    public static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left.isWritten(as: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

extension String {
    /// Whether both are the same bytes. `==` alone would take two normal forms of a letter for one, and so two files,
    /// two keys or two settings.
    func isWritten(as other: String) -> Bool { self == other && utf8.elementsEqual(other.utf8) }
}

/// The members of a JSON object in the order in which they were written. Equal keys cannot stand in it twice.
public struct JSONObject: Sendable, ExpressibleByDictionaryLiteral {
    /// The members in order.
    public private(set) var members: [(key: String, value: JSONValue)] = []

    /// An object without members.
    public init() {}

    /// Of two equal keys the last one stands.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (key, value) in elements { self[key] = value }
    }

    init(uniqueMembers: [(key: String, value: JSONValue)]) { members = uniqueMembers }

    /// The keys in order.
    public var keys: [String] { members.map(\.key) }
    /// Whether there is no member.
    public var isEmpty: Bool { members.isEmpty }

    /// The value of `key`; setting `nil` removes the member, a new key goes to the end.
    public subscript(key: String) -> JSONValue? {
        get { members.first { $0.key.isWritten(as: key) }?.value }
        set {
            let index = members.firstIndex { $0.key.isWritten(as: key) }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append((key, value))
            case (nil, nil): break
            }
        }
    }
}

extension JSONObject: Hashable {
    /// Two objects are equal when they have the same members, in whatever order (RFC 8259 §4).
    public static func == (left: Self, right: Self) -> Bool {
        left.members.count == right.members.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }

    /// Independent of the order of the members.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(members.count)
        for key in keys.sorted() { hasher.combine(key) }
    }
}
