/// A place in a YAML text.
package struct YAMLMark: Hashable, Sendable {
    /// The offset in bytes from the start of the text, a byte order mark included.
    package let offset: Int
    /// The line, from 1.
    package let line: Int
    /// The column in characters, from 1.
    package let column: Int
}

/// A node of a YAML document and where it stands.
package struct YAMLNode: Sendable {
    /// The kinds of node.
    package enum Content: Sendable {
        /// A single value.
        case scalar(YAMLScalar)
        /// The items of a list.
        case sequence([YAMLNode])
        /// The entries in their order; every key is a scalar and stands once.
        case mapping([(key: YAMLNode, value: YAMLNode)])
    }

    /// What the node holds. Of an alias: what its anchor holds.
    package let content: Content
    /// The first byte, which is that of the anchor or the tag if there is one.
    package let start: YAMLMark
    /// The byte after the last one. Collections in block style and block scalars end where the next token starts.
    package let end: YAMLMark
    /// The name of the anchor that stands before the node.
    package let anchor: String?
    /// The tag as it is after resolving its handle, `nil` if none is written.
    package let tag: String?
    /// Whether an alias stands here; `content` then has the marks of the place it was copied from.
    package let isAlias: Bool
    /// Whether a collection is written in `{}` or `[]`.
    package let isFlow: Bool
    /// The number of nodes from here down, aliases expanded.
    let size: Int
    /// The number of levels from here down, aliases expanded.
    let height: Int
}

extension YAMLNode {
    /// The scalar, `nil` for collections.
    package var scalar: YAMLScalar? { if case .scalar(let value) = content { value } else { nil } }
    /// The items, `nil` for other kinds.
    package var sequence: [YAMLNode]? { if case .sequence(let value) = content { value } else { nil } }
    /// The entries, `nil` for other kinds.
    package var mapping: [(key: YAMLNode, value: YAMLNode)]? {
        if case .mapping(let value) = content { value } else { nil }
    }

    /// The string, `nil` for everything that the core schema does not read as one.
    package var string: String? { if case .string(let value) = scalar?.value { value } else { nil } }
    /// The boolean, `nil` for other kinds.
    package var bool: Bool? { if case .bool(let value) = scalar?.value { value } else { nil } }
    /// The whole number, `nil` for other kinds and for numbers that do not fit.
    package var integer: Int? { if case .integer(let value) = scalar?.value { value } else { nil } }
    /// Whether this is `null`, `~` or nothing.
    package var isNull: Bool { scalar?.value == .null }
    /// The text of a scalar of any kind, `nil` for collections.
    package var text: String? { scalar?.text }
    /// The value of the entry with this key, `nil` if there is none or this is no mapping.
    package subscript(key: String) -> YAMLNode? { mapping?.first { $0.key.text == key }?.value }
}

/// What a reader takes beyond the core schema. Files that belong to others need more than our own.
package struct YAMLExtensions: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    /// `<<` is an entry like any other; nothing is merged.
    package static let mergeKeys = YAMLExtensions(rawValue: 1)
    /// Tags outside the core schema; a scalar with one is a string.
    package static let foreignTags = YAMLExtensions(rawValue: 2)
}

extension YAMLNode {
    /// The most nodes that aliases may stand for, all aliases of a document taken together.
    package static let aliasedNodesLimit = 1000
    /// The most levels of nesting.
    package static let depthLimit = 64

    /// Reads the one document in `bytes`, UTF-8 with or without a byte order mark; `nil` if there is none.
    ///
    /// Plain scalars are read by the core schema of YAML 1.2: `yes`, `on` and `0777` are not what 1.1 makes of them.
    package static func parse(
        _ bytes: [UInt8], allowing extensions: YAMLExtensions = []
    ) throws(YAMLError) -> YAMLNode? {
        let positions = try Positions(bytes)
        guard let parser = EventParser(bytes[positions.textStart...]) else {
            throw YAMLError(code: .syntax, message: "there is no memory to read it", line: 1, column: 1)
        }
        var composer = Composer(parser: parser, positions: positions, extensions: extensions)
        return try composer.document()
    }
}

/// Builds the tree from libyaml's events and holds the rules that libyaml does not know.
private struct Composer: ~Copyable {
    private enum Anchor {
        case open
        case complete(YAMLNode)
    }

    private var parser: EventParser
    private let positions: Positions
    private let extensions: YAMLExtensions
    private var anchors: [String: Anchor] = [:]
    private var aliasedNodes = 0

    init(parser: consuming EventParser, positions: Positions, extensions: YAMLExtensions) {
        self.parser = parser
        self.positions = positions
        self.extensions = extensions
    }

    mutating func document() throws(YAMLError) -> YAMLNode? {
        var root: YAMLNode?
        while true {
            let event = try next()
            switch event.kind {
            case .streamEnd: return root
            case .streamStart, .documentEnd, .nothing: continue
            case .documentStart where root != nil:
                throw error(.documents, "a second document starts here; only one is read", event)
            case .documentStart: root = try node(next(), depth: 1)
            default: throw error(.syntax, "not valid YAML", event)
            }
        }
    }

    private mutating func node(_ event: YAMLEvent, depth: Int) throws(YAMLError) -> YAMLNode {
        guard depth <= YAMLNode.depthLimit else { throw error(.depth, "nested too deeply", event) }
        if case .alias(let name) = event.kind { return try alias(name, event, depth: depth) }
        if let anchor = event.anchor { anchors[anchor] = .open }
        let node: YAMLNode
        switch event.kind {
        case .scalar(let text, let style):
            node = make(.scalar(try scalar(text, style, event)), event, end: event.end)
        case .sequenceStart(let isFlow):
            try checkTag(event, "seq")
            var items: [YAMLNode] = []
            var item = try next()
            while true {
                if case .sequenceEnd = item.kind { break }
                items.append(try self.node(item, depth: depth + 1))
                item = try next()
            }
            node = make(.sequence(items), event, end: item.end, isFlow: isFlow)
        case .mappingStart(let isFlow):
            try checkTag(event, "map")
            let (entries, end) = try entries(depth: depth + 1)
            node = make(.mapping(entries), event, end: end, isFlow: isFlow)
        default:
            throw error(.syntax, "not valid YAML", event)
        }
        if let anchor = event.anchor { anchors[anchor] = .complete(node) }
        return node
    }

    private mutating func entries(
        depth: Int
    ) throws(YAMLError) -> ([(key: YAMLNode, value: YAMLNode)], YAMLEvent.RawMark) {
        var entries: [(key: YAMLNode, value: YAMLNode)] = []
        // Keys are compared by their bytes: Swift's `==` would take two normal forms of a letter for one.
        var keys: Set<[UInt8]> = []
        while true {
            let event = try next()
            if case .mappingEnd = event.kind { return (entries, event.end) }
            guard case .scalar(let text, let style) = event.kind else {
                throw error(.key, "a key has to be a text", event)
            }
            if text == "<<", style == .plain, !extensions.contains(.mergeKeys) {
                throw error(.mergeKey, "merge keys ('<<') are not read; write the entries out", event)
            }
            guard keys.insert(Array(text.utf8)).inserted else {
                let first = entries.first { entry in entry.key.text.map { Array($0.utf8) } == Array(text.utf8) }
                let line = first.map { ", here and in line \($0.key.start.line)" } ?? ""
                throw error(.duplicateKey, "this entry is written twice\(line); remove one of the two", event)
            }
            entries.append((try node(event, depth: depth), try node(try next(), depth: depth)))
        }
    }

    private mutating func alias(_ name: String, _ event: YAMLEvent, depth: Int) throws(YAMLError) -> YAMLNode {
        switch anchors[name] {
        case nil: throw error(.alias, "an alias without an anchor before it", event)
        case .open: throw error(.alias, "an alias inside its own anchor", event)
        case .complete(let node):
            aliasedNodes += node.size
            guard aliasedNodes <= YAMLNode.aliasedNodesLimit else {
                throw error(.alias, "aliases stand for more than \(YAMLNode.aliasedNodesLimit) nodes", event)
            }
            guard depth - 1 + node.height <= YAMLNode.depthLimit else {
                throw error(.depth, "nested too deeply", event)
            }
            return YAMLNode(
                content: node.content, start: positions.mark(event.start), end: positions.mark(event.end), anchor: nil,
                tag: node.tag, isAlias: true, isFlow: node.isFlow, size: node.size, height: node.height)
        }
    }

    private func scalar(_ text: String, _ style: YAMLScalar.Style, _ event: YAMLEvent) throws(YAMLError) -> YAMLScalar {
        if let scalar = YAMLScalar(text: text, style: style, tag: event.tag) { return scalar }
        guard extensions.contains(.foreignTags) else {
            throw error(.tag, "this tag is not one of YAML's core schema, or does not fit its value", event)
        }
        return YAMLScalar(text: text, style: style)
    }

    private func checkTag(_ event: YAMLEvent, _ name: String) throws(YAMLError) {
        let isKnown = [nil, "!", YAMLScalar.core + name].contains(event.tag)
        guard isKnown || extensions.contains(.foreignTags) else {
            throw error(.tag, "this tag is not one of YAML's core schema", event)
        }
    }

    private func make(
        _ content: YAMLNode.Content, _ event: YAMLEvent, end: YAMLEvent.RawMark, isFlow: Bool = false
    ) -> YAMLNode {
        let parts =
            switch content {
            case .scalar: [YAMLNode]()
            case .sequence(let items): items
            case .mapping(let entries): entries.flatMap { [$0.key, $0.value] }
            }
        return YAMLNode(
            content: content, start: positions.mark(event.start), end: positions.mark(end), anchor: event.anchor,
            tag: event.tag, isAlias: false, isFlow: isFlow, size: parts.reduce(1) { $0 + $1.size },
            height: 1 + (parts.map(\.height).max() ?? 0))
    }

    private mutating func next() throws(YAMLError) -> YAMLEvent {
        do {
            return try parser.next()
        } catch {
            throw positions.error(error)
        }
    }

    private func error(_ code: YAMLError.Code, _ message: String, _ event: YAMLEvent) -> YAMLError {
        let mark = positions.mark(event.start)
        return YAMLError(code: code, message: message, line: mark.line, column: mark.column)
    }
}
