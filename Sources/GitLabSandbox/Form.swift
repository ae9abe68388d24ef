import FoundationEssentials

/// The two kinds of HTML forms.
enum Form {
    /// The fields of `a=1&b=2` (application/x-www-form-urlencoded).
    static func fields(_ text: Substring) -> [(name: String, value: String)] {
        text.split(separator: "&").map { field in
            let sides = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (decode(sides[0]), sides.count == 2 ? decode(sides[1]) : "")
        }
    }

    private static func decode(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The fields of a form in parts (RFC 7578); `nil` if it is none.
    static func parts(_ body: [UInt8], _ type: String) -> [(name: String, value: String)]? {
        guard let boundary = parameter("boundary", in: type) else { return nil }
        let text = String(decoding: body, as: UTF8.self)
        var fields: [(name: String, value: String)] = []
        for part in text.split(separator: "--" + boundary, omittingEmptySubsequences: false).dropFirst() {
            if part.hasPrefix("--") { return fields }
            guard let end = part.firstRange(of: "\r\n\r\n"), part.hasSuffix("\r\n") else { return nil }
            let disposition = part[..<end.lowerBound].split(separator: "\r\n").first {
                $0.lowercased().hasPrefix("content-disposition:")
            }
            guard let disposition, let name = parameter("name", in: String(disposition)) else { return nil }
            // A line end is one character to Swift.
            fields.append((name, String(part[end.upperBound...].dropLast())))
        }
        return nil
    }

    private static func parameter(_ name: String, in field: String) -> String? {
        for parameter in field.split(separator: ";").dropFirst() {
            let sides = parameter.split(separator: "=", maxSplits: 1)
            guard sides.count == 2, sides[0].trimmed == name else { continue }
            let value = sides[1].trimmed
            let isQuoted = value.count >= 2 && value.hasPrefix("\"") && value.hasSuffix("\"")
            return isQuoted ? String(value.dropFirst().dropLast()) : value
        }
        return nil
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
