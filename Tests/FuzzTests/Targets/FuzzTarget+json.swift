import FoundationEssentials
import JSON

extension FuzzTarget {
    /// The reader of all JSON: what it takes it writes so that it reads the same, and Foundation reads the same of it.
    static let json = FuzzTarget(
        name: "json", examples: ["Tests/RotationTests/Fixtures/handoff-v1.json"],
        words: ["\"a\":", ",", "[[[[[[[[", "{\"\":", "\\u0000", "\\ud83d", "\\ude00", "-0", "1E+2", "false", ":"]
    ) { bytes in
        for depth in [4, 64] {
            guard let value = try read(bytes, .any, depth: depth) else { continue }
            for form in [JSONValue.Form.compact, .pretty, .canonical] {
                let written = value.bytes(form)
                let again = try? JSONValue(parsing: written, depth: depth)
                try require(again.map { sorted($0, form) == sorted(value, form) } == true, "what is written reads so")
                try require(again?.bytes(form) == written, "what is written is written so again")
            }
            try require(reference(written: bytes).map { value.agrees(with: $0) } ?? true, "Foundation reads the same")
        }
        if let value = try read(bytes, .integers, depth: 64) {
            try require((try? JSONValue(parsing: bytes)) == value, "whole numbers are numbers")
        }
    }

    private static func read(
        _ bytes: [UInt8], _ numbers: JSONValue.Numbers, depth: Int
    ) throws(BrokenProperty) -> JSONValue? {
        do throws(JSONError) { return try JSONValue(parsing: bytes, numbers: numbers, depth: depth) } catch {
            try require((0...bytes.count).contains(error.offset), "the place of an error is in the text")
            return nil
        }
    }

    /// The canonical form has the members in an order of its own.
    private static func sorted(_ value: JSONValue, _ form: JSONValue.Form) -> [UInt8] {
        value.bytes(form == .canonical ? .canonical : .compact)
    }

    private static func reference(written bytes: [UInt8]) -> FoundationValue? {
        try? JSONDecoder().decode(FoundationValue.self, from: Data(bytes))
    }
}

/// What Foundation makes of a JSON text.
private indirect enum FoundationValue: Decodable {
    case null
    case bool(Bool)
    case string(String)
    case number
    case array([FoundationValue])
    case object([String: FoundationValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([FoundationValue].self) {
            self = .array(value)
        } else if let value = try? container.decode([String: FoundationValue].self) {
            self = .object(value)
        } else {
            self = .number
        }
    }
}

extension JSONValue {
    fileprivate func agrees(with other: FoundationValue) -> Bool {
        switch (self, other) {
        case (.null, .null), (.number, .number): true
        case (.bool(let value), .bool(let other)): value == other
        case (.string(let value), .string(let other)): value == other
        case (.array(let values), .array(let others)):
            values.count == others.count && zip(values, others).allSatisfy { $0.agrees(with: $1) }
        case (.object(let object), .object(let others)):
            // Two normal forms of one key are one key to a Swift dictionary.
            others.count < object.members.count
                || object.members.allSatisfy { key, value in others[key].map { value.agrees(with: $0) } ?? false }
        default: false
        }
    }
}
