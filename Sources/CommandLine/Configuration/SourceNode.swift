import JSON
import Rotation
import YAML

/// A value of a configuration file and where it stands. It keeps its place when it is merged or copied elsewhere.
struct SourceNode: Sendable {
    enum Content: Sendable {
        case scalar(JSONValue)
        case list([SourceNode])
        case mapping([(key: String, value: SourceNode)])
    }

    var content: Content
    /// Where the value's key stands; of an item of a list, where the item stands.
    let place: SourcePlace

    /// The most entries that a mapping or a list may have.
    static let entriesLimit = 2000

    init(_ content: Content, _ place: SourcePlace) {
        self.content = content
        self.place = place
    }

    /// Takes over a YAML value, and refuses what would silently mean something else in JSON.
    init(_ node: YAMLNode, _ place: SourcePlace) throws(ConfigurationError) {
        self.place = place
        switch node.content {
        case .scalar(let scalar):
            content = .scalar(try Self.value(scalar, place))
        case .sequence(let items):
            guard items.count <= Self.entriesLimit else {
                throw place.error("has more than \(Self.entriesLimit) items")
            }
            var list: [SourceNode] = []
            for (index, item) in items.enumerated() {
                list.append(try SourceNode(item, place.appending(["\(index)"], line: item.start.line)))
            }
            content = .list(list)
        case .mapping(let items):
            guard items.count <= Self.entriesLimit else {
                throw place.error("has more than \(Self.entriesLimit) entries")
            }
            var entries: [(key: String, value: SourceNode)] = []
            var keys: Set<String> = []
            for (key, value) in items {
                let name = key.text ?? ""
                let place = place.appending([name], line: key.start.line)
                // YAML compares bytes; Swift's strings, and so JSON objects, take two normal forms of a letter for one.
                guard keys.insert(name).inserted else {
                    throw place.error("this entry is written twice; remove one of the two")
                }
                entries.append((name, try SourceNode(value, place)))
            }
            content = .mapping(entries)
        }
    }

    private static func value(_ scalar: YAMLScalar, _ place: SourcePlace) throws(ConfigurationError) -> JSONValue {
        switch scalar.value {
        case .null:
            guard !scalar.text.isEmpty else {
                throw place.error("has no value; write one, or null if that is what you mean")
            }
            return .null
        case .bool(let value): return .bool(value)
        case .string(let text): return .string(text)
        case .integer, .float:
            guard let number = JSONNumber(scalar.text) else {
                throw place.error("is a number only to YAML; write it in plain decimal digits, or quote it")
            }
            return .number(number)
        }
    }
}

extension SourceNode {
    /// The entries, `nil` for other kinds.
    var entries: [(key: String, value: SourceNode)]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }
    /// The items, `nil` for other kinds.
    var list: [SourceNode]? { if case .list(let list) = content { list } else { nil } }
    /// The scalar, `nil` for other kinds.
    var scalar: JSONValue? { if case .scalar(let value) = content { value } else { nil } }

    /// The value of a mapping's key or of a list's index.
    subscript(key: String) -> SourceNode? {
        switch content {
        case .scalar: nil
        case .list(let list): Int(key).flatMap { list.indices.contains($0) ? list[$0] : nil }
        case .mapping(let entries): entries.first { $0.key == key }?.value
        }
    }

    /// The value without its places.
    var json: JSONValue {
        switch content {
        case .scalar(let value): return value
        case .list(let list): return .array(list.map(\.json))
        case .mapping(let entries):
            var object = JSONObject()
            for (key, value) in entries { object[key] = value.json }
            return .object(object)
        }
    }

    /// The entries of what has to be a mapping.
    func requireEntries() throws(ConfigurationError) -> [(key: String, value: SourceNode)] {
        guard let entries else { throw place.error(PlanError.noMapping) }
        return entries
    }

    func refuseKeys(except known: [String]) throws(ConfigurationError) {
        for (key, value) in try requireEntries() where !known.contains(key) {
            throw value.place.error(PlanError.unknownKey(key, known: known))
        }
    }

    /// The place of what `path` leads to, or where it would have to be written if it is not there.
    func place(of path: [String]) -> SourcePlace {
        var node = self
        var rest = path[...]
        while let key = rest.first, let next = node[key] {
            node = next
            rest.removeFirst()
        }
        return node.place.appending(rest)
    }

    /// The mapping with the entries of `defaults` that it lacks; `levels` deep, deeper values replace as a whole.
    func filled(from defaults: [(key: String, value: SourceNode)], levels: Int) -> SourceNode {
        guard var entries, levels > 0 else { return self }
        for (key, value) in defaults {
            if let index = entries.firstIndex(where: { $0.key == key }) {
                entries[index].value = entries[index].value.filled(from: value.entries ?? [], levels: levels - 1)
            } else {
                entries.append((key, value))
            }
        }
        return SourceNode(.mapping(entries), place)
    }

    /// The mapping without these keys.
    func dropping(_ keys: [String]) -> SourceNode {
        SourceNode(.mapping((entries ?? []).filter { !keys.contains($0.key) }), place)
    }
}
