/// A length of time in whole seconds, written `90s`, `30m`, `24h`, `7d`, or several of them as `1h30m`.
public struct Interval: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The length in seconds, never negative.
    public let seconds: Int

    /// Nothing at all.
    public static let zero = Interval(seconds: 0)

    /// Negative lengths become zero.
    public init(seconds: Int) { self.seconds = max(0, seconds) }

    /// Reads `0s`, `90s`, `1h30m`, `7d`; `nil` for anything else, a bare number included.
    public init?(_ text: String) {
        var total = 0
        var digits = ""
        guard !text.isEmpty else { return nil }
        for character in text {
            if character.isASCII, character.isNumber {
                digits.append(character)
                continue
            }
            guard let count = Int(digits), let unit = Self.units.first(where: { $0.name == character }) else {
                return nil
            }
            let (product, tooLong) = count.multipliedReportingOverflow(by: unit.seconds)
            guard !tooLong, product <= Self.longest, total + product <= Self.longest else { return nil }
            total += product
            digits = ""
        }
        guard digits.isEmpty else { return nil }
        seconds = total
    }

    /// The shortest form that `init(_:)` reads.
    public var description: String {
        var rest = seconds
        var text = ""
        for unit in Self.units where rest >= unit.seconds {
            text += "\(rest / unit.seconds)\(unit.name)"
            rest %= unit.seconds
        }
        return text.isEmpty ? "0s" : text
    }

    /// The shorter one stands first.
    public static func < (left: Self, right: Self) -> Bool { left.seconds < right.seconds }

    private static let units: [(name: Character, seconds: Int)] = [("d", 86400), ("h", 3600), ("m", 60), ("s", 1)]
    private static let longest = 100 * 366 * 86400
}
