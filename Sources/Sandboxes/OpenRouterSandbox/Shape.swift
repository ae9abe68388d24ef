import FoundationEssentials
import JSON
import Secrets
import Timestamps

/// What a value in a request may be, in the words of the schema. What does not fit is refused with 400.
indirect enum Shape: Sendable {
    case anything
    case flag
    /// Of so many characters.
    case text(ClosedRange<Int>)
    /// One of these words.
    case word([String])
    /// A text with a rule of its own, which the refusal tells.
    case rule(String, @Sendable (String) -> Bool)
    case number(ClosedRange<Double>)
    case integer
    case list(Shape, ClosedRange<Int>)
    /// An object with these members; others are dropped.
    case object([(name: String, shape: Shape)])
    /// An object with these members and no others.
    case closed([(name: String, shape: Shape)])
    /// An object with any members of one shape.
    case map(Shape)
    case either(Shape, Shape)
    case nullable(Shape)
    /// A member that must be there.
    case required(Shape)
    /// A member that has this value if it is missing.
    case filled(Shape, with: JSONValue)

    /// Any text.
    static let anyText = text(0...Int.max)
    /// A text of at least one character.
    static let someText = text(1...Int.max)
    static let uuid = rule("must be a UUID") { UUID(uuidString: $0) != nil }
    static let hash = rule("must be 64 lower-case hexadecimal digits") { text in
        text.utf8.count == 64
            && text.utf8.allSatisfy { $0.isASCIIDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }
    }
    static let uri = rule("must be a URI") { $0.contains("://") && !$0.contains(" ") }
    static let time = rule("must be a UTC time with seconds") { Self.time($0) != nil }
    /// Any amount in USD.
    static let amount = number(-.infinity ... .infinity)
    static let period = word(Period.allCases.map(\.rawValue))

    /// A time in UTC with seconds, and with fractions of them.
    static func time(_ text: String) -> Date? {
        var text = text
        if text.hasSuffix("+00:00") { text = text.dropLast(6) + "Z" }
        guard text.hasSuffix("Z") else { return nil }
        return Date(rfc3339: text)
    }

    /// The same object for a change: nothing must be there and nothing is filled in.
    var change: Shape {
        guard case .object(let members) = self else { return self }
        return .object(
            members.map { member in
                switch member.shape {
                case .required(let shape), .filled(let shape, _): (member.name, shape)
                default: member
                }
            })
    }

    /// The value as far as it is known here, with what is filled in.
    func read(_ value: JSONValue, as name: String = "") throws(APIError) -> JSONValue {
        switch (self, value) {
        case (.anything, _), (.flag, .bool), (.nullable, .null): return value
        case (.nullable(let shape), _), (.required(let shape), _), (.filled(let shape, _), _):
            return try shape.read(value, as: name)
        case (.text(let length), .string(let text)):
            guard length.contains(text.unicodeScalars.count) else {
                throw .invalid(name, "has the wrong number of characters")
            }
        case (.word(let words), .string(let text)):
            guard words.contains(text) else { throw .invalid(name, "must be one of " + words.joined(separator: ", ")) }
        case (.rule(let rule, let holds), .string(let text)):
            guard holds(text) else { throw .invalid(name, rule) }
        case (.number(let bounds), .number(let number)):
            guard bounds.contains(number.double) else { throw .invalid(name, "must lie within its bounds") }
        case (.integer, .number(let number)):
            guard number.double == number.double.rounded() else { throw .invalid(name, "must be a whole number") }
        case (.list(let shape, let count), .array(let list)):
            guard count.contains(list.count) else { throw .invalid(name, "has the wrong number of entries") }
            var read: [JSONValue] = []
            for (index, element) in list.enumerated() { read.append(try shape.read(element, as: "\(name)[\(index)]")) }
            return .array(read)
        case (.object(let members), .object(let object)): return .object(try Self.read(object, members, as: name))
        case (.closed(let members), .object(let object)):
            guard object.keys.allSatisfy({ key in members.contains { $0.name == key } }) else {
                throw .invalid(name.isEmpty ? "body" : name, "has a member that is not known")
            }
            return .object(try Self.read(object, members, as: name))
        case (.map(let shape), .object(let object)):
            for (member, value) in object.members { _ = try shape.read(value, as: "\(name).\(member)") }
        case (.either(let first, let second), _):
            if let read = try? first.read(value, as: name) { return read }
            return try second.read(value, as: name)
        default: throw .invalid(name.isEmpty ? "body" : name, "has the wrong type")
        }
        return value
    }

    private static func read(
        _ object: JSONObject, _ members: [(name: String, shape: Shape)], as name: String
    ) throws(APIError) -> JSONObject {
        var read: JSONObject = [:]
        for (member, shape) in members {
            let path = name.isEmpty ? member : "\(name).\(member)"
            switch (object[member], shape) {
            case (let value?, _): read[member] = try shape.read(value, as: path)
            case (nil, .required): throw .invalid(path, "is required")
            case (nil, .filled(_, let value)): read[member] = value
            case (nil, _): break
            }
        }
        return read
    }
}
