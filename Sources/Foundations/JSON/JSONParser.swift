/// Why a text is not acceptable JSON. It tells the place and never quotes the text, which may hold a secret.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The rule that was broken.
    public enum Code: String, Sendable {
        /// The text breaks the grammar of RFC 8259.
        case syntax = "not valid JSON"
        /// The text is not UTF-8, or an escape names half a surrogate pair.
        case encoding = "not valid UTF-8"
        /// An object has a key twice; readers differ in which one they take.
        case duplicateKey = "an object has the same key twice"
        /// A fraction, an exponent or an integer beyond 2⁵³ where only whole numbers are read.
        case number = "a number that is not a whole number below 2^53"
        /// Arrays or objects nested deeper than the reader allows.
        case depth = "nested too deeply"
    }

    /// The rule that was broken.
    public let code: Code
    /// The offset of the byte at which it was seen.
    public let offset: Int

    /// One line for people.
    public var description: String { "\(code.rawValue) (at byte \(offset))" }
}

extension JSONValue {
    /// Which numbers a reader accepts.
    public enum Numbers: Sendable {
        /// Everything that RFC 8259 allows.
        case any
        /// Whole numbers up to 2⁵³, on which all readers agree (RFC 8785 §3.2.2.3).
        case integers
    }

    /// Reads one value that fills all of `bytes`. Duplicate keys, invalid UTF-8 and deep nesting are refused.
    public init(
        parsing bytes: some Collection<UInt8>, numbers: Numbers = .any, depth: Int = 64
    ) throws(JSONError) {
        var parser = JSONParser(Array(bytes), depth: depth, numbers: numbers)
        self = try parser.document()
    }
}

struct JSONParser {
    private let bytes: [UInt8]
    private let depth: Int
    private let numbers: JSONValue.Numbers
    private var index = 0

    init(_ bytes: [UInt8], depth: Int, numbers: JSONValue.Numbers) {
        self.bytes = bytes
        self.depth = depth
        self.numbers = numbers
    }

    mutating func document() throws(JSONError) -> JSONValue {
        let result = try value(depth)
        skipSpace()
        guard index == bytes.count else { throw error(.syntax) }
        return result
    }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    private func error(_ code: JSONError.Code) -> JSONError { JSONError(code: code, offset: index) }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { index += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard next == byte else { return false }
        index += 1
        return true
    }

    private mutating func value(_ depth: Int) throws(JSONError) -> JSONValue {
        skipSpace()
        guard depth > 0 else { throw error(.depth) }
        switch next {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for byte in "\(text)".utf8 {
            guard next == byte else { throw error(.syntax) }
            index += 1
        }
        return value
    }

    private mutating func object(_ depth: Int) throws(JSONError) -> JSONValue {
        index += 1
        var members: [(key: String, value: JSONValue)] = []
        var keys: Set<[UInt8]> = []
        if take(UInt8(ascii: "}")) { return .object(JSONObject()) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw error(.syntax) }
            let start = index
            let key = try string()
            // Keys are compared by their bytes: Swift's `==` would take two normal forms of a letter for one.
            guard keys.insert(Array(key.utf8)).inserted else {
                throw JSONError(code: .duplicateKey, offset: start)
            }
            guard take(UInt8(ascii: ":")) else { throw error(.syntax) }
            members.append((key, try value(depth - 1)))
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw error(.syntax) }
        return .object(JSONObject(uniqueMembers: members))
    }

    private mutating func array(_ depth: Int) throws(JSONError) -> JSONValue {
        index += 1
        var elements: [JSONValue] = []
        if take(UInt8(ascii: "]")) { return .array([]) }
        repeat { elements.append(try value(depth - 1)) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw error(.syntax) }
        return .array(elements)
    }

    private mutating func string() throws(JSONError) -> String {
        let start = index
        index += 1
        var content: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw JSONError(code: .encoding, offset: start)
                }
                return text
            case UInt8(ascii: "\\"):
                index += 1
                content.append(contentsOf: try escape())
            case 0..<0x20:
                throw error(.syntax)
            default:
                index += 1
                content.append(byte)
            }
        }
        throw error(.syntax)
    }

    private mutating func escape() throws(JSONError) -> [UInt8] {
        guard let byte = next else { throw error(.syntax) }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            let high = try hexadecimal()
            var units = [high]
            if UTF16.isLeadSurrogate(high) {
                guard next == UInt8(ascii: "\\") else { throw error(.encoding) }
                index += 1
                guard next == UInt8(ascii: "u") else { throw error(.encoding) }
                index += 1
                units.append(try hexadecimal())
            }
            guard let text = String(validating: units, as: UTF16.self) else { throw error(.encoding) }
            return Array(text.utf8)
        default:
            throw error(.syntax)
        }
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt16 {
        var result: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error(.syntax)
            }
            result = result << 4 | UInt16(digit)
            index += 1
        }
        return result
    }

    private mutating func digits() -> Int {
        let start = index
        while let byte = next, (48...57).contains(byte) { index += 1 }
        return index - start
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = index
        if next == UInt8(ascii: "-") { index += 1 }
        let first = next
        let whole = digits()
        guard whole == 1 || (whole > 1 && first != UInt8(ascii: "0")) else { throw error(.syntax) }
        var isInteger = true
        if next == UInt8(ascii: ".") {
            index += 1
            isInteger = false
            guard digits() > 0 else { throw error(.syntax) }
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            index += 1
            isInteger = false
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { index += 1 }
            guard digits() > 0 else { throw error(.syntax) }
        }
        let number = JSONNumber(validated: String(decoding: bytes[start..<index], as: UTF8.self))
        if numbers == .integers {
            guard isInteger, let value = number.integer, value.magnitude <= 1 << 53, number.text != "-0" else {
                throw JSONError(code: .number, offset: start)
            }
        }
        return .number(number)
    }
}
