import JSON
import Secrets

/// A JSON text. Duplicate keys are refused anywhere in it: readers differ on which one they take.
struct JSONDocument: DocumentContent {
    private let text: DocumentText
    /// The value, `null` for an empty document.
    private let value: JSONValue
    private let root: JSONSpan?

    init(_ text: DocumentText) throws(DocumentError) {
        self.text = text
        if text.bytes[text.start...].allSatisfy({ $0.isBlank || $0.isLineBreak }) {
            value = .null
            root = nil
            return
        }
        do {
            value = try JSONValue(parsing: text.bytes[text.start...])
        } catch {
            throw DocumentError(.syntax, error.code.rawValue, line: text.line(at: text.start + error.offset))
        }
        root = JSONSpan(in: text.bytes, from: text.start)
    }

    func value(at place: Place) throws(DocumentError) -> [UInt8]? {
        guard let root else { return nil }
        guard case .found(let span) = try locate(place.path, in: root) else { return nil }
        switch span.kind {
        case .null: return nil
        case .string:
            guard case .string(let string)? = try? JSONValue(parsing: text.bytes[span.range]) else { return nil }
            return Array(string.utf8)
        case .other: return Array(text.bytes[span.range])
        case .object, .array: throw isCollection(span)
        }
    }

    func edit(at place: Place, to value: String) throws(DocumentError) -> Edit {
        let leaf = JSONValue.string(value)
        guard let root else {
            let whole = JSONValue.null.setting(place.path[...], to: leaf)
            return Edit(
                text.start..<text.end, JSONStyle(isMultiline: true, unit: "  ", colon: ": ").render(whole) + "\n")
        }
        switch try locate(place.path, in: root) {
        case .found(let span):
            switch span.kind {
            case .object, .array: throw isCollection(span)
            case .string, .other, .null: return Edit(span.range, leaf.text())
            }
        case .null(let span, let rest):
            return Edit(span.range, style(of: root).inline.render(JSONValue.null.setting(rest, to: leaf)))
        case .missing(let span, let rest):
            return add(JSONValue.null.setting(rest.dropFirst(), to: leaf), key: rest.first ?? "", to: span, root)
        }
    }

    func outline() -> JSONValue { value }

    func outline(setting place: Place, to value: String) -> JSONValue {
        self.value.setting(place.path[...], to: .string(value))
    }

    private enum Location {
        case found(JSONSpan)
        /// A null where an object has to be, and the path from there.
        case null(JSONSpan, ArraySlice<String>)
        /// The object that lacks the first key of the path.
        case missing(JSONSpan, ArraySlice<String>)
    }

    private func locate(_ path: [String], in root: JSONSpan) throws(DocumentError) -> Location {
        var span = root
        for (depth, key) in path.enumerated() {
            let rest = path[depth...]
            switch span.kind {
            case .object(let members):
                guard let member = members.first(where: { $0.key == key }) else { return .missing(span, rest) }
                span = member.value
            case .array(let elements):
                guard let index = Int(key), elements.indices.contains(index), String(index) == key else {
                    throw DocumentError(
                        .notFound, "the list has no item of this number", hint: "items are counted from 0",
                        line: text.line(at: span.range.lowerBound))
                }
                span = elements[index]
            case .null: return .null(span, rest)
            case .string, .other:
                throw DocumentError(
                    .notFound, "a single value stands where the name needs an object",
                    line: text.line(at: span.range.lowerBound))
            }
        }
        return .found(span)
    }

    private func isCollection(_ span: JSONSpan) -> DocumentError {
        DocumentError(
            .unsupported, "an object or a list stands at this name", hint: "name the value inside it",
            line: text.line(at: span.range.lowerBound))
    }

    /// Adds a member at the end of the object, in the form of the one before it.
    private func add(_ value: JSONValue, key: String, to object: JSONSpan, _ root: JSONSpan) -> Edit {
        guard case .object(let members) = object.kind else { return Edit(object.range, "") }
        var style = style(of: root)
        let name = JSONValue.string(key).text()
        guard let last = members.last else {
            let open = object.range.lowerBound + 1
            let isOpen = text.bytes[open..<object.range.upperBound].contains { $0.isLineBreak }
            let outer = text.indentation(at: object.range.lowerBound)
            guard style.isMultiline || object.range == root.range else {
                return Edit(open..<open, name + style.colon + style.render(value))
            }
            style.isMultiline = true
            let inner = String(decoding: outer, as: UTF8.self) + style.unit
            let line = text.lineEnd + Array((inner + name + style.colon + style.render(value, indent: inner)).utf8)
            return Edit(open..<open, line + (isOpen ? [] : text.lineEnd + outer))
        }
        let indent = text.indentation(at: last.keyRange.lowerBound)
        style.isMultiline = text.lineStart(at: last.keyRange.lowerBound) + indent.count == last.keyRange.lowerBound
        let colon = text.string(last.keyRange.upperBound..<last.value.range.lowerBound)
        if !colon.utf8.contains(where: \.isLineBreak) { style.colon = colon }
        let end = last.value.range.upperBound
        guard style.isMultiline else {
            var gap = style.colon.hasSuffix(" ") ? " " : ""
            if members.count > 1 {
                let before = members[members.count - 2].value.range.upperBound
                let between = text.string(before..<last.keyRange.lowerBound)
                let isOneLine = between.utf8.allSatisfy { !$0.isLineBreak }
                if isOneLine { return Edit(end..<end, between + name + style.colon + style.render(value)) }
                gap = " "
            }
            return Edit(end..<end, "," + gap + name + style.colon + style.render(value))
        }
        let margin = String(decoding: indent, as: UTF8.self)
        let member = margin + name + style.colon + style.render(value, indent: margin)
        return Edit(end..<end, [UInt8(ascii: ",")] + text.lineEnd + Array(member.utf8))
    }

    private func style(of root: JSONSpan) -> JSONStyle {
        let lineEnd = String(decoding: text.lineEnd, as: UTF8.self)
        guard case .object(let members) = root.kind, let first = members.first else {
            return JSONStyle(isMultiline: false, unit: "  ", colon: ": ", lineEnd: lineEnd)
        }
        let indent = text.indentation(at: first.keyRange.lowerBound)
        let isMultiline = text.lineStart(at: first.keyRange.lowerBound) + indent.count == first.keyRange.lowerBound
        let colon = text.string(first.keyRange.upperBound..<first.value.range.lowerBound)
        return JSONStyle(
            isMultiline: isMultiline,
            unit: indent.isEmpty ? "  " : String(decoding: indent, as: UTF8.self),
            colon: colon.utf8.contains(where: \.isLineBreak) ? ": " : colon, lineEnd: lineEnd)
    }
}

/// How a document writes its members.
struct JSONStyle {
    var isMultiline: Bool
    var unit: String
    var colon: String
    var lineEnd = "\n"

    var inline: JSONStyle {
        var style = self
        style.isMultiline = false
        return style
    }

    /// A string, or objects of one member down to one.
    func render(_ value: JSONValue, indent: String = "") -> String {
        guard let member = value.object?.members.first else { return value.text() }
        let name = JSONValue.string(member.key).text()
        guard isMultiline else { return "{" + name + colon + render(member.value) + "}" }
        let inner = indent + unit
        return "{" + lineEnd + inner + name + colon + render(member.value, indent: inner) + lineEnd + indent + "}"
    }
}

/// Where a JSON value and its parts stand in a text that is known to be valid.
struct JSONSpan {
    enum Kind {
        case object([(key: String, keyRange: Range<Int>, value: JSONSpan)])
        case array([JSONSpan])
        case string, other, null
    }

    let range: Range<Int>
    let kind: Kind

    /// Reads the value after `start`, blanks skipped.
    init(in bytes: [UInt8], from start: Int) {
        var index = start
        self.init(bytes, &index)
    }

    private init(_ bytes: [UInt8], _ index: inout Int) {
        Self.skipSpace(bytes, &index)
        let start = index
        switch bytes[start] {
        case UInt8(ascii: "{"):
            var members: [(key: String, keyRange: Range<Int>, value: JSONSpan)] = []
            Self.list(bytes, &index, until: UInt8(ascii: "}")) { index in
                let keyStart = index
                Self.skipString(bytes, &index)
                let keyRange = keyStart..<index
                let key = (try? JSONValue(parsing: bytes[keyRange]))?.string ?? ""
                Self.skipSpace(bytes, &index)
                index += 1
                members.append((key, keyRange, JSONSpan(bytes, &index)))
            }
            kind = .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONSpan] = []
            Self.list(bytes, &index, until: UInt8(ascii: "]")) { index in
                elements.append(JSONSpan(bytes, &index))
            }
            kind = .array(elements)
        case UInt8(ascii: "\""):
            Self.skipString(bytes, &index)
            kind = .string
        default:
            while index < bytes.count, bytes[index].isASCIIAlphanumeric || "+-.".utf8.contains(bytes[index]) {
                index += 1
            }
            kind = bytes[start] == UInt8(ascii: "n") ? .null : .other
        }
        range = start..<index
    }

    private static func list(_ bytes: [UInt8], _ index: inout Int, until close: UInt8, _ part: (inout Int) -> Void) {
        index += 1
        skipSpace(bytes, &index)
        while bytes[index] != close {
            if bytes[index] == UInt8(ascii: ",") { index += 1 }
            skipSpace(bytes, &index)
            part(&index)
            skipSpace(bytes, &index)
        }
        index += 1
    }

    private static func skipSpace(_ bytes: [UInt8], _ index: inout Int) {
        while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
    }

    private static func skipString(_ bytes: [UInt8], _ index: inout Int) {
        index += 1
        while bytes[index] != UInt8(ascii: "\"") { index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1 }
        index += 1
    }
}
