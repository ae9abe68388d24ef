import JSON

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
