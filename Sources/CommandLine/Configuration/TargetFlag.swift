package import JSON

/// The parts of `[TARGET=]PUBLISHER[@WAVE][:KEY=VALUE,KEY:=JSON,…]`. Values after `=` stay texts, whatever they look
/// like; after `:=` stands JSON, for lists, numbers, `true` and `false`.
package struct TargetFlag: Sendable {
    static let flag = "--to"

    /// `nil` if the flag has none.
    package let name: String?
    package let publisher: String
    /// As it is written.
    package let wave: String?
    package let with: JSONObject

    /// Reads the flag; what it means is for the plan to say.
    package init(_ text: String) throws(ConfigurationError) {
        let head = text.prefix { $0 != ":" }
        var rest = head
        if let equals = head.firstIndex(of: "=") {
            name = String(head[..<equals])
            rest = head[head.index(after: equals)...]
        } else {
            name = nil
        }
        let at = rest.firstIndex(of: "@")
        publisher = String(rest[..<(at ?? rest.endIndex)])
        wave = at.map { String(rest[rest.index(after: $0)...]) }
        guard head.endIndex < text.endIndex else {
            with = [:]
            return
        }
        var settings = Settings(rest: Array(text[head.endIndex...].utf8)[1...])
        with = try settings.read()
    }

    func error(_ message: String) -> ConfigurationError { ConfigurationError(path: Self.flag, message) }
}

/// Reads `KEY=VALUE,KEY:=JSON,…` byte by byte: everything that matters is ASCII.
private struct Settings {
    var rest: ArraySlice<UInt8>
    private var count = 0

    init(rest: ArraySlice<UInt8>) { self.rest = rest }

    mutating func read() throws(ConfigurationError) -> JSONObject {
        var object = JSONObject()
        repeat {
            count += 1
            let bytes = rest.prefix(while: Self.isKey)
            let key = String(decoding: bytes, as: UTF8.self)
            rest = rest.dropFirst(bytes.count)
            guard !key.isEmpty else { throw form }
            guard object[key] == nil else { throw error(" has a key that stands before it already") }
            if take(":=") {
                object[key] = try json()
            } else if take("=") {
                object[key] = .string(try value())
            } else if rest.isEmpty || rest.first == UInt8(ascii: ",") {
                throw ConfigurationError(
                    path: TargetFlag.flag,
                    "the setting '\(key)' has no value; write \(key)=VALUE"
                        + (count > 1 ? "; if the comma belongs to the value before it: 'KEY=A\\,B', in quotes" : ""))
            } else {
                throw form
            }
        } while take(",")
        return object
    }

    private var form: ConfigurationError {
        error(" must be KEY=VALUE or KEY:=JSON; a comma inside VALUE is written \\,")
    }

    private func error(_ message: String) -> ConfigurationError {
        ConfigurationError(path: TargetFlag.flag, "setting \(count) of the target\(message)")
    }

    private static func isKey(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "_-.".utf8.contains(byte)
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    private mutating func value() throws(ConfigurationError) -> String {
        var bytes: [UInt8] = []
        while let byte = rest.first, byte != UInt8(ascii: ",") {
            rest = rest.dropFirst()
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            guard let escaped = rest.popFirst(), ",=\\".utf8.contains(escaped) else {
                throw error(" has a backslash that stands before none of , = \\ ; write \\\\ for one")
            }
            bytes.append(escaped)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Takes everything up to the next comma that is in no string and in no bracket.
    private mutating func json() throws(ConfigurationError) -> JSONValue {
        var depth = 0
        var isString = false
        var isEscaped = false
        let end =
            rest.firstIndex { byte in
                switch byte {
                case _ where isEscaped: isEscaped = false
                case UInt8(ascii: "\\") where isString: isEscaped = true
                case UInt8(ascii: "\""): isString.toggle()
                case _ where isString: break
                case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
                default: return byte == UInt8(ascii: ",") && depth == 0
                }
                return false
            } ?? rest.endIndex
        let bytes = rest[..<end]
        rest = rest[end...]
        do {
            return try JSONValue(parsing: bytes, numbers: .integers)
        } catch {
            throw self.error(": \(error.code.rawValue), behind :=")
        }
    }
}
