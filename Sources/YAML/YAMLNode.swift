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
