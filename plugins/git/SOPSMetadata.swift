import Documents
import JSON
import YAML

/// For whom a file that SOPS keeps is encrypted, as the file says it.
///
/// Nothing protects that: whoever can write the file can put names in, take them out and exchange what stands under
/// them. Only what sops has just written is as it says.
struct SOPSMetadata: Equatable {
    /// The readers by key group. Of several groups, a reader out of each of so many as the threshold says is needed.
    let groups: [[SOPSReader]]
    let threshold: String

    var readers: Set<SOPSReader> { Set(groups.joined()) }

    /// `nil` if it says nothing: then sops does not keep it.
    init?(_ bytes: [UInt8], _ format: DocumentFormat) {
        guard let leaves = Self.leaves(bytes, format) else { return nil }
        var entries: [[String]: [String: String]] = [:]
        var threshold = ""
        for leaf in leaves {
            if leaf.path == ["shamir_threshold"] { threshold = leaf.text }
            var path = leaf.path[...]
            var group = ""
            if path.first == "key_groups", path.count > 2 {
                group = path[1]
                path = path.dropFirst(2)
            }
            // Whatever is no single value is a list of readers, also one of a kind that is not known here.
            guard path.count > 1 else { continue }
            let kind = path.removeFirst()
            let isItem = path.count > 1 && path.first.flatMap { Int($0) } != nil
            let item = isItem ? path.removeFirst() : ""
            entries[[group, kind, item], default: [:]][path.joined(separator: ".")] = leaf.text
        }
        let groups = Dictionary(grouping: entries) { $0.key[0] }.values.map { entries in
            Set(entries.map { SOPSReader(kind: $0.key[1], fields: $0.value) }).sorted {
                ($0.kind, $0.name) < ($1.kind, $1.name)
            }
        }
        self.groups = groups.sorted { $0.map(\.name).lexicographicallyPrecedes($1.map(\.name)) }
        self.threshold = groups.count > 1 ? threshold : ""
    }

    /// One value and the keys that lead to it.
    private typealias Leaf = (path: [String], text: String)

    private static func leaves(_ bytes: [UInt8], _ format: DocumentFormat) -> [Leaf]? {
        switch format {
        case .yaml:
            let root = try? YAMLNode.parse(bytes, allowing: [.mergeKeys, .foreignTags])
            return root?["sops"].map { leaves($0, at: []) }
        case .json, .raw: return (try? JSONValue(parsing: bytes))?["sops"].map { leaves($0, at: []) }
        case .dotenv:
            let lines = SOPSText.lines(of: bytes).filter { $0.hasPrefix("sops_") }
            return lines.isEmpty ? nil : lines.map { leaf($0.dropFirst("sops_".count)) }
        case .ini:
            var isOwn = false
            let own = SOPSText.lines(of: bytes).filter { line in
                if line.trimmed.hasPrefix("[") { isOwn = line.trimmed == "[sops]" }
                return isOwn
            }
            return own.isEmpty ? nil : own.map { leaf($0) }
        }
    }

    private static func leaves(_ value: JSONValue, at path: [String]) -> [Leaf] {
        switch value {
        case .object(let object): object.members.flatMap { leaves($0.value, at: path + [$0.key]) }
        case .array(let items): items.enumerated().flatMap { leaves($0.element, at: path + [String($0.offset)]) }
        case .number(let number): [(path, number.text)]
        default: [(path, value.string ?? "")]
        }
    }

    private static func leaves(_ node: YAMLNode, at path: [String]) -> [Leaf] {
        switch node.content {
        case .mapping(let entries): entries.flatMap { leaves($0.value, at: path + [$0.key.text ?? ""]) }
        case .sequence(let items): items.enumerated().flatMap { leaves($0.element, at: path + [String($0.offset)]) }
        case .scalar: [(path, node.text ?? "")]
        }
    }

    /// `age__list_0__map_recipient=age1…`, as sops flattens it.
    private static func leaf(_ line: Substring) -> Leaf {
        let end = line.firstIndex(of: "=") ?? line.endIndex
        let path = String(line[..<end].trimmed).replacing("__list_", with: "__map_").split(separator: "__map_")
        return (path.map(String.init), String(line[end...].dropFirst().trimmed))
    }
}
