import JSON
import Rotation

/// What a verification has looked at, and so what it may say: nothing of what it has not seen.
struct Evidence {
    private let successor: String
    /// Whether OpenRouter has accepted the successor itself.
    let hasKey: Bool
    /// Whether the successor was seen in use.
    let isUsed: Bool
    /// Targets that were read back and hold the successor.
    let read: [PlanName]
    /// Targets of which only the records say that they hold it.
    let unread: [PlanName]
    /// The application's probes, which have passed.
    let probes: [String]
    /// How many checks there were.
    let count: Int

    /// `checks` of which none has failed, of the successor of this name and of `targets`.
    init(of successor: String, at targets: [Plan.Target], _ checks: [Check]) {
        self.successor = successor
        let passed = checks.filter { $0.outcome == .passed }
        hasKey = passed.contains { $0.name == State.Check.first }
        isUsed = passed.contains { $0.name == Check.adoption }
        let read = Set(passed.compactMap(\.target))
        self.read = targets.map(\.name).filter(read.contains)
        unread = targets.map(\.name).filter { !read.contains($0) }
        probes = passed.map(\.name).filter { $0.hasPrefix("probe ") }
        count = checks.count
    }

    var isNothing: Bool { !hasKey && read.isEmpty && probes.isEmpty }

    /// The sentence for people and for the record.
    var text: String {
        var parts: [String] = []
        if hasKey {
            parts.append(
                read.isEmpty ? "OpenRouter accepts \(successor)" : "\(successor) works at \(Self.list(read))")
        } else {
            if !read.isEmpty {
                parts.append("\(Self.list(read)) \(read.count == 1 ? "holds" : "hold") \(successor)")
            }
            parts += probes.map { "\($0) passes" }
        }
        if !unread.isEmpty { parts.append("not seen at \(Self.list(unread)), which cannot be read back") }
        if !hasKey { parts.append("OpenRouter was not asked, as the key is not at hand") }
        return parts.joined(separator: "; ")
    }

    var json: JSONValue {
        [
            "key": .bool(hasKey), "read": .array(read.map { .string($0.description) }),
            "unread": .array(unread.map { .string($0.description) }), "probes": .array(probes.map { .string($0) }),
        ]
    }

    static func list(_ names: [PlanName]) -> String { names.map(\.description).joined(separator: ", ") }
}
