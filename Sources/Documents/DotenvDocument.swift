import JSON

/// `NAME=value` lines. The grammar is python-dotenv's, with Node's where that is the stricter one.
struct DotenvDocument: DocumentContent {
    struct Entry {
        let name: String
        let start: Int
        let isExported: Bool
        /// The offset after the name.
        let nameEnd: Int
        /// The value with its quotes; `nil` for a name without `=`.
        let valueRange: Range<Int>?
        let quote: Quote
        let value: String
    }

    enum Quote {
        case none, single, double, backtick
    }

    private let text: DocumentText
    private let entries: [Entry]

    init(_ text: DocumentText) throws(DocumentError) {
        self.text = text
        var parser = DotenvParser(text)
        entries = try parser.entries()
    }

    func value(at place: Place) throws(DocumentError) -> [UInt8]? {
        guard let entry = try entry(at: place), entry.valueRange != nil else { return nil }
        return Array(entry.value.utf8)
    }

    func edit(at place: Place, to value: String) throws(DocumentError) -> Edit {
        if let entry = try entry(at: place) {
            let rendered = try Self.render(value, like: entry.quote)
            guard let range = entry.valueRange else { return Edit(entry.nameEnd..<entry.nameEnd, "=" + rendered) }
            return Edit(range, rendered)
        }
        let isExported = !entries.isEmpty && entries.allSatisfy(\.isExported)
        let line = try (isExported ? "export " : "") + place.path[0] + "=" + Self.render(value, like: .none)
        return text.insertion(of: [Array(line.utf8)], at: text.end)
    }

    func outline() -> JSONValue {
        .array(entries.map { [.string($0.name), $0.valueRange == nil ? .null : .string($0.value)] })
    }

    func outline(setting place: Place, to value: String) -> JSONValue {
        var all = outline().array ?? []
        let new: JSONValue = [.string(place.path[0]), .string(value)]
        if let index = entries.firstIndex(where: { $0.name == place.path[0] }) {
            all[index] = new
        } else {
            all.append(new)
        }
        return .array(all)
    }

    private func entry(at place: Place) throws(DocumentError) -> Entry? {
        let found = entries.filter { $0.name == place.path[0] }
        guard let entry = found.first else { return nil }
        if found.count > 1 {
            throw DocumentError(
                .ambiguous, "the name stands there more than once, and readers differ on which one counts",
                hint: "remove all but one", line: text.line(at: found[1].start))
        }
        if entry.quote == .backtick {
            throw DocumentError(
                .unsupported, "the value stands in backticks, which readers take differently",
                hint: "use single quotes", line: text.line(at: entry.start))
        }
        return entry
    }

    /// The value in the first form, beginning with the one it had, that all readers take for the same text.
    private static func render(_ value: String, like quote: Quote) throws(DocumentError) -> String {
        let forms: [Quote] =
            switch quote {
            case .none, .backtick: [.none, .single, .double]
            case .single: [.single, .double]
            case .double: [.double, .single]
            }
        for form in forms {
            switch form {
            case .none where isBare(value): return value
            case .single where fitsSingleQuotes(value): return "'\(value)'"
            case .double where fitsDoubleQuotes(value): return "\"\(value)\""
            default: continue
            }
        }
        throw DocumentError(.value, "dotenv readers take no form of this value for the same text")
    }

    /// What no reader and no shell takes for anything but itself.
    private static func isBare(_ value: String) -> Bool {
        value.utf8.allSatisfy { $0.isASCIIAlphanumeric || "_./:@%+,=-".utf8.contains($0) }
    }

    /// Backslashes mean something before a quote or a backslash only; python-dotenv fills in `${}` even here.
    private static func fitsSingleQuotes(_ value: String) -> Bool {
        !value.contains("'") && !value.contains("${") && !value.contains("\\\\") && value.last != "\\"
    }

    /// What a shell, Compose, Node or Python would undo in double quotes is not written there.
    private static func fitsDoubleQuotes(_ value: String) -> Bool {
        !value.contains { "\"\\$`".contains($0) }
    }
}
