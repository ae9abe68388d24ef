import JSON
import YAML

/// One YAML document. Merge keys and tags of others may stand in it, away from the place itself.
struct YAMLDocument: DocumentContent {
    let text: DocumentText
    /// The document, `nil` if there is nothing but comments.
    let root: YAMLNode?

    init(_ text: DocumentText) throws(DocumentError) {
        self.text = text
        do {
            root = try YAMLNode.parse(text.bytes, allowing: [.mergeKeys, .foreignTags])
        } catch {
            throw DocumentError(.syntax, error.message, line: error.line)
        }
    }

    func value(at place: Place) throws(DocumentError) -> [UInt8]? {
        guard let root, case .found(let node, _) = try locate(place.path, in: root) else { return nil }
        guard let scalar = node.scalar else { throw isCollection(node) }
        return scalar.value == .null ? nil : Array(scalar.text.utf8)
    }

    func edit(at place: Place, to value: String) throws(DocumentError) -> Edit {
        guard let root, !isNothing(root) else {
            let lines = blockLines(place.path[...], value, column: 0)
            let offset = root.map { text.nextLine(after: $0.end.offset) } ?? text.end
            return text.insertion(of: lines, at: offset)
        }
        switch try locate(place.path, in: root) {
        case .found(let node, let parent): return try replace(node, in: parent, by: value)
        case .null(let node, let rest, let parent):
            return try nest(rest, value, at: node, in: parent)
        case .missing(let mapping, let rest):
            return mapping.isFlow ? try addToFlow(mapping, rest, value) : try addToBlock(mapping, rest, value)
        }
    }

    func outline() -> JSONValue { root.map(Self.outline) ?? .null }

    func outline(setting place: Place, to value: String) -> JSONValue {
        outline().setting(place.path[...], to: .string(value))
    }

    private static func outline(_ node: YAMLNode) -> JSONValue {
        switch node.content {
        case .scalar(let scalar):
            if let tag = node.tag, scalar.value != .null { return [.string(tag), .string(scalar.text)] }
            switch scalar.value {
            case .null: return .null
            case .bool(let bool): return .bool(bool)
            case .integer, .float: return [.string(scalar.text)]
            case .string(let string): return .string(string)
            }
        case .sequence(let items): return .array(items.map(outline))
        case .mapping(let entries):
            var object = JSONObject()
            for entry in entries { object[entry.key.text ?? ""] = outline(entry.value) }
            return .object(object)
        }
    }

    private enum Location {
        case found(YAMLNode, parent: YAMLNode?)
        /// A null where a mapping has to be, and the path from there.
        case null(YAMLNode, ArraySlice<String>, parent: YAMLNode?)
        /// The mapping that lacks the first key of the path.
        case missing(YAMLNode, ArraySlice<String>)
    }

    private func locate(_ path: [String], in root: YAMLNode) throws(DocumentError) -> Location {
        var node = root
        var parent: YAMLNode?
        for (depth, key) in path.enumerated() {
            if node.isAlias { throw isAlias(node) }
            let rest = path[depth...]
            switch node.content {
            case .mapping(let entries):
                guard let entry = entries.first(where: { $0.key.text == key }) else {
                    if let merge = entries.first(where: { $0.key.text == "<<" && $0.key.scalar?.style == .plain }) {
                        throw DocumentError(
                            .unsupported, "the mapping takes entries from another one ('<<'), perhaps this one too",
                            hint: "write the name into this mapping with any value once", line: merge.key.start.line)
                    }
                    return .missing(node, rest)
                }
                parent = node
                node = entry.value
            case .sequence(let items):
                guard let index = Int(key), items.indices.contains(index), String(index) == key else {
                    throw DocumentError(
                        .notFound, "the list has no item of this number", hint: "items are counted from 0",
                        line: node.start.line)
                }
                parent = node
                node = items[index]
            case .scalar(let scalar):
                guard scalar.value == .null, node.tag == nil, node.anchor == nil else {
                    throw DocumentError(
                        .notFound, "a single value stands where the name needs a mapping", line: node.start.line)
                }
                return .null(node, rest, parent: parent)
            }
        }
        return .found(node, parent: parent)
    }

    private func isAlias(_ node: YAMLNode) -> DocumentError {
        DocumentError(
            .unsupported, "an alias stands there: what it stands for is written in another place",
            hint: "name the place that has the anchor, or write the value out", line: node.start.line)
    }

    private func isCollection(_ node: YAMLNode) -> DocumentError {
        DocumentError(
            .unsupported, "a mapping or a list stands at this name", hint: "name the value inside it",
            line: node.start.line)
    }

    /// Whether this is the nothing between `---` and the end.
    private func isNothing(_ node: YAMLNode) -> Bool {
        node.isNull && node.start.offset == node.end.offset
    }
}

extension YAMLDocument {
    private func replace(_ node: YAMLNode, in parent: YAMLNode?, by value: String) throws(DocumentError) -> Edit {
        if node.isAlias { throw isAlias(node) }
        guard let scalar = node.scalar else { throw isCollection(node) }
        if node.anchor != nil {
            throw DocumentError(
                .unsupported, "the value has an anchor, so that other places may take it too",
                hint: "remove the anchor and write the value out where it is used", line: node.start.line)
        }
        if node.tag != nil {
            throw DocumentError(.unsupported, "the value has a tag", hint: "remove the tag", line: node.start.line)
        }
        switch scalar.style {
        case .literal, .folded:
            throw DocumentError(
                .unsupported, "the value is written as a block of lines", hint: "write it on the line of its name",
                line: node.start.line)
        case .plain where isNothing(node):
            let style = quoting(in: parent)
            return try fill(node, with: YAMLText.scalar(value, like: style), parent)
        default:
            return Edit(node.start.offset..<node.end.offset, YAMLText.scalar(value, like: scalar.style))
        }
    }

    /// Puts a text where a key or a dash has nothing after it.
    private func fill(_ node: YAMLNode, with rendered: String, _ parent: YAMLNode?) throws(DocumentError) -> Edit {
        let offset = node.start.offset
        switch offset > text.start ? text.bytes[offset - 1] : 0 {
        case UInt8(ascii: ":"), UInt8(ascii: "-"): return Edit(offset..<offset, " " + rendered)
        default:
            guard parent?.isFlow == true else { throw DocumentError(.unsupported, "the name stands there alone") }
            return Edit(offset..<offset, ": " + rendered)
        }
    }

    /// Puts mappings where a null is.
    private func nest(
        _ path: ArraySlice<String>, _ value: String, at node: YAMLNode, in parent: YAMLNode?
    ) throws(DocumentError) -> Edit {
        guard isNothing(node) else {
            return Edit(node.start.offset..<node.end.offset, flowText(path, value, quoting: .plain))
        }
        guard let parent, !parent.isFlow, let key = parent.mapping?.first(where: { $0.value.start == node.start })?.key
        else {
            return try fill(node, with: flowText(path, value, quoting: quoting(in: parent)), parent)
        }
        let column = key.start.column - 1 + unit
        return text.insertion(
            of: blockLines(path, value, column: column), at: text.nextLine(after: node.end.offset))
    }

    private func addToBlock(
        _ mapping: YAMLNode, _ path: ArraySlice<String>, _ value: String
    ) throws(DocumentError) -> Edit {
        guard let first = mapping.mapping?.first?.key else { return Edit(text.end..<text.end, "") }
        var last = mapping
        while let inner = last.isFlow || last.isAlias ? nil : last.mapping?.last?.value ?? last.sequence?.last {
            last = inner
        }
        // A block scalar ends where the next line starts, everything else inside its last line.
        let isBlock = last.scalar.map { $0.style == .literal || $0.style == .folded } ?? false
        let end = last.end.offset
        let offset = isBlock && !last.isAlias && end == text.lineStart(at: end) ? end : text.nextLine(after: end)
        return text.insertion(of: blockLines(path, value, column: first.start.column - 1), at: offset)
    }

    private func addToFlow(
        _ mapping: YAMLNode, _ path: ArraySlice<String>, _ value: String
    ) throws(DocumentError) -> Edit {
        let entry = flowText(path, value, quoting: quoting(in: mapping), isEntry: true)
        guard let last = mapping.mapping?.last else {
            let open = mapping.end.offset - 1
            return Edit(open..<open, entry)
        }
        let end = last.value.end.offset
        let rest = text.bytes[end..<(mapping.end.offset - 1)]
        if rest.contains(UInt8(ascii: "#")) {
            throw DocumentError(
                .unsupported, "a comment stands before the bracket that ends the mapping",
                hint: "write the name into the mapping with any value once", line: text.line(at: end))
        }
        let start = last.key.start.offset
        let indent = text.indentation(at: start)
        let isOwnLine = text.lineStart(at: start) + indent.count == start
        let gap = isOwnLine ? text.lineEnd + indent : [0x20]
        if let comma = rest.firstIndex(of: UInt8(ascii: ",")) {
            return Edit((comma + 1)..<(comma + 1), gap + Array(entry.utf8) + (isOwnLine ? [UInt8(ascii: ",")] : []))
        }
        // After a key without a value the comma needs a blank, or it would be read as part of it.
        let needsBlank = isNothing(last.value)
        return Edit(end..<end, (needsBlank ? [0x20] : []) + [UInt8(ascii: ",")] + gap + Array(entry.utf8))
    }

    /// How values are written in the mapping: in double quotes where all others are.
    private func quoting(in parent: YAMLNode?) -> YAMLScalar.Style {
        guard let entries = parent?.mapping, entries.count > 0 else { return .plain }
        let isQuoted = entries.allSatisfy { $0.key.scalar?.style == .doubleQuoted }
        return isQuoted ? .doubleQuoted : .plain
    }

    /// The number of blanks of a level, as the first nested mapping has it.
    private var unit: Int {
        func find(_ node: YAMLNode) -> Int? {
            guard !node.isFlow, let entries = node.mapping, let first = entries.first else { return nil }
            for entry in entries where !entry.value.isAlias {
                if let key = entry.value.mapping?.first?.key, !entry.value.isFlow {
                    let columns = key.start.column - first.key.start.column
                    if columns > 0 { return columns }
                }
                if let found = find(entry.value) { return found }
            }
            return nil
        }
        return root.flatMap(find) ?? 2
    }

    private func blockLines(_ path: ArraySlice<String>, _ value: String, column: Int) -> [[UInt8]] {
        path.enumerated().map { level, key in
            let isLast = level == path.count - 1
            let margin = String(repeating: " ", count: column + level * unit)
            let line = margin + YAMLText.scalar(key, like: .plain) + ":"
            return Array((isLast ? line + " " + YAMLText.scalar(value, like: .plain) : line).utf8)
        }
    }

    private func flowText(
        _ path: ArraySlice<String>, _ value: String, quoting style: YAMLScalar.Style, isEntry: Bool = false
    ) -> String {
        guard let key = path.first else { return YAMLText.scalar(value, like: style) }
        let entry = YAMLText.scalar(key, like: style) + ": " + flowText(path.dropFirst(), value, quoting: style)
        return isEntry ? entry : "{" + entry + "}"
    }
}
