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
