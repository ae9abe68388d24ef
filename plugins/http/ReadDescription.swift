import JSON
import PublisherKit

/// The request that reads the target, and where its answer has what.
struct ReadDescription: Sendable {
    /// Where the answer shows what the target holds.
    enum Content: Sendable {
        case value(Pointer, isBase64: Bool)
        /// A digest, which is the SHA-256 for certain or of a function that nobody knows.
        case digest(Pointer, isSHA256: Bool)
        /// Only that it is there.
        case presence(Pointer)
    }

    let request: RequestDescription
    let content: Content
    /// Where it says when the value was written.
    let changed: Pointer?
    /// Where it says, by `true`, that it shows no value although there is one.
    let hidden: Pointer?
    /// Where it says, by this word, that this credential may not see the value.
    let withheld: (pointer: Pointer, word: String)?
    /// The answer's list in which our entry is, and what tells the entry from others.
    let entry: (list: Pointer, find: [(name: String, value: Template)])?
    /// Statuses of a target that holds nothing.
    let absent: Set<Int>

    private static let contents = ["at", "digest", "sha256", "exists"]

    init(_ value: JSONValue) throws(PublisherError) {
        let fields = try DescriptionFields(
            value, "read",
            knowing: RequestDescription.members + Self.contents
                + ["base64", "changed", "hidden", "withheld", "list", "find", "absent"])
        request = try RequestDescription(fields)
        let named = Self.contents.filter { fields[$0] != nil }
        changed = try fields.pointer("changed")
        hidden = try fields.pointer("hidden")
        withheld = try Self.withheld(fields)
        let isBase64 = try fields.flag("base64")
        guard named.count <= 1, let pointer = try named.first.map(fields.pointer) ?? changed else {
            throw Settings.error(
                "read", "'read' does not say what it reads",
                hint:
                    "give one JSON pointer: 'at' to the value, 'sha256' to its SHA-256, 'digest' to any other digest of it,"
                    + " or 'exists' to what is there only while a value is")
        }
        content =
            switch named.first {
            case "at": .value(pointer, isBase64: isBase64)
            case "digest", "sha256": .digest(pointer, isSHA256: named == ["sha256"])
            default: .presence(pointer)
            }
        let find = try fields.pairs("find").map { (name: $0.name, value: Template($0.value)) }
        guard !find.isEmpty || fields["list"] == nil else {
            throw Settings.error(
                "read.list", "'read' has a list and does not say which entry it is",
                hint: #"add 'find' with what the entry has, as find: {name: "{name}"}"#)
        }
        entry = find.isEmpty ? nil : (try fields.pointer("list") ?? .whole, find)
        // In a list, the target is missing where its entry is; there, 404 says that the place of the list is.
        absent = try fields.statuses("absent") ?? (find.isEmpty ? [404] : [])
    }

    private static func withheld(
        _ fields: DescriptionFields
    ) throws(PublisherError) -> (pointer: Pointer, word: String)? {
        guard fields["withheld"] != nil else { return nil }
        let pairs = try fields.pairs("withheld")
        guard pairs.count == 1, let pair = pairs.first, let pointer = Pointer(pair.name) else {
            throw fields.error("withheld", isNo: "one JSON pointer with a word, as {/data/visibility: restricted}")
        }
        return (pointer, pair.value)
    }

    /// What the target holds by this answer; `nil` where there is nothing of it.
    func entry(in document: JSONValue, _ values: Values) throws(PublisherError) -> JSONValue? {
        guard let entry else { return document }
        let wanted = try entry.find.map { field throws(PublisherError) in
            (name: field.name, value: try field.value.text(values))
        }
        return try entry.list.value(in: document, values)?.array?.first { element in
            wanted.allSatisfy { element[$0.name]?.string == $0.value }
        }
    }
}
