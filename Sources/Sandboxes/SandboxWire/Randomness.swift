/// Where a sandbox takes its random bits from.
package enum Randomness: Sendable {
    /// The same seed brings the same keys and identifiers (SplitMix64). For tests.
    case seeded(UInt64)
    /// The system's generator.
    case system

    /// The next 64 bits.
    package mutating func next() -> UInt64 {
        switch self {
        case .system:
            var system = SystemRandomNumberGenerator()
            return system.next()
        case .seeded(let state):
            let state = state &+ 0x9E37_79B9_7F4A_7C15
            self = .seeded(state)
            var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    /// `count` lowercase hexadecimal digits.
    package mutating func hex(_ count: Int) -> String {
        var text = ""
        while text.count < count {
            let digits = String(next(), radix: 16)
            text += String(repeating: "0", count: 16 - digits.count) + digits
        }
        return String(text.prefix(count))
    }

    /// A random UUID (RFC 9562 §5.4) in lower case.
    package mutating func uuid() -> String {
        let digits = hex(30)
        var rest = digits[...]
        func take(_ count: Int) -> Substring {
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }
        return "\(take(8))-\(take(4))-4\(take(3))-a\(take(3))-\(take(12))"
    }
}
