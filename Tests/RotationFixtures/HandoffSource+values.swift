import FoundationEssentials
import JSON
import Rotation
import Secrets
import Sodium
import Timestamps

extension HandoffSource {
    func file(_ json: JSONValue?) -> [UInt8]? { json.map { $0.bytes(.pretty) + [0x0A] } }

    /// The file with one value changed, anywhere in it.
    func changingValue(_ mutation: HandoffMutation, _ random: inout some RandomNumberGenerator) -> [UInt8]? {
        // Each part as often as the others, however many values it has.
        guard let part = json.object?.keys.randomElement(using: &random) else { return nil }
        let places = json.places.filter { $0.first == .member(part) }
        guard let place = places.randomElement(using: &random), let value = json.value(at: place) else { return nil }
        return file(Self.change(json, place, value, mutation, &random))
    }

    /// The file with a header that no record names.
    func changingHeader(_ mutation: HandoffMutation, _ random: inout some RandomNumberGenerator) -> [UInt8]? {
        guard let header = json["rotation"] else { return nil }
        guard mutation == .headerChanged else {
            return file(json.replacing([.member("rotation")], with: otherJSON["rotation"]))
        }
        return file(json.replacing([.member("rotation")], with: Self.anotherHeader(header, &random)))
    }

    /// The header with one value changed so that it can be read.
    static func anotherHeader(_ header: JSONValue, _ random: inout some RandomNumberGenerator) -> JSONValue? {
        let changes: [([JSONValue.Turn], JSONValue)] = [
            ([.member("id")], .string(RotationID(at: Date(timeIntervalSince1970: 1_700_000_000)).description)),
            ([.member("name")], "billing"), ([.member("base")], "billing-batch"), ([.member("workspace")], "w-1"),
            ([.member("requires")], ["approve"]), ([.member("more")], true), ([.member("predecessors")], []),
            ([.member("predecessors")], [["hash": "0123abcd", "name": "billing-batch"]]),
            ([.member("predecessors"), .element(0), .member("hash")], "0123abcd"),
            ([.member("predecessors"), .element(0), .member("name")], "billing-batch"),
            ([.member("plan"), .member("predecessor")], ["name": "billing-batch"]),
            ([.member("plan"), .member("retire")], ["overlap": "0s", "quiet_for": "0s", "soak": "0s"]),
            ([.member("plan"), .member("successor")], ["limit": "unlimited"]),
        ]
        guard let (place, value) = changes.randomElement(using: &random) else { return nil }
        // A header without the word may have to lose it to be another one.
        return header.value(at: place) == value
            ? header.replacing(place, with: nil) : header.replacing(place, with: value)
    }

    private static func change(
        _ json: JSONValue, _ place: [JSONValue.Turn], _ value: JSONValue, _ mutation: HandoffMutation,
        _ random: inout some RandomNumberGenerator
    ) -> JSONValue? {
        switch mutation {
        case .removed: return json.replacing(place, with: nil)
        case .retyped:
            let others: [JSONValue] = [.null, true, 7, "text", ["text"], ["key": "text"]]
            let kinds = others.filter { !isSameKind($0, value) }
            return json.replacing(place, with: kinds.randomElement(using: &random))
        case .emptied: return json.replacing(place, with: empty(value))
        case .huge: return json.replacing(place, with: huge(value))
        case .altered: return json.replacing(place, with: altered(value, &random))
        case .doubled, .renamed:
            guard let turn = place.last else { return nil }
            switch turn {
            case .element(let index):
                guard var elements = json.value(at: place.dropLast())?.array else { return nil }
                elements.insert(value, at: mutation == .doubled ? index : elements.startIndex)
                return json.replacing(place.dropLast(), with: .array(elements))
            case .member(let key):
                let added = json.replacing(place.dropLast() + [.member(key + "s")], with: value)
                return mutation == .doubled ? added : added?.replacing(place, with: nil)
            }
        default: return nil
        }
    }

    private static func isSameKind(_ left: JSONValue, _ right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null), (.bool, .bool), (.number, .number), (.string, .string), (.array, .array),
            (.object, .object):
            true
        default: false
        }
    }

    private static func empty(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool: .null
        case .number: 0
        case .string: ""
        case .array: []
        case .object: [:]
        }
    }

    private static func huge(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool, .string: .string(String(repeating: "x", count: 50_000))
        case .number: .number(JSONNumber(1 << 53 - 1))
        case .array(let elements): .array(Array(repeating: elements.first ?? 7, count: 2_000))
        case .object(let object):
            .object((0..<2_000).reduce(into: object) { $0["more-\($1)"] = 7 })
        }
    }

    /// Another value of the same form.
    static func altered(_ value: JSONValue, _ random: inout some RandomNumberGenerator) -> JSONValue {
        switch value {
        case .null: return true
        case .bool(let bool): return .bool(!bool)
        case .number(let number): return .number(JSONNumber((number.integer ?? 0) + 1))
        case .string(let text):
            if let date = Date(rfc3339: text) { return .string(date.addingTimeInterval(-86_400).rfc3339) }
            if let digest = Digest(text) {
                return .string(Digest(of: Array(digest.description.utf8)).description)
            }
            return .string(Bool.random(using: &random) ? text + "x" : "\u{1B}[2J\n\u{202E}" + text)
        case .array(let elements): return .array(elements.reversed() + ["more"])
        case .object(let object):
            return .object(object.members.reversed().reduce(into: ["more": 7]) { $0[$1.key] = $1.value })
        }
    }
}
