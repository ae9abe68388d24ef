extension Encoding {
    /// What `Redactor` says of itself that it cannot find.
    package static let exceptions: [Encoding] = [
        Encoding("fewer than 16 digits") { Array($0.prefix(9 + 15)) },
        Encoding("every other digit") { bytes in bytes.indices.filter { $0 % 2 == 0 }.map { bytes[$0] } },
        Encoding("a mistake after each 15 digits") { Encoding.pieces($0, 15, "x") },
        Encoding("gaps of more than 128 bytes") { Encoding.pieces($0, 8, String(repeating: " ", count: 140)) },
        Encoding("numbered lines") { bytes in
            bytes.enumerated().flatMap { Array("\($0):".utf8) + [$1, 10] }
        },
        Encoding("numbers with nothing between them") { Array($0.map { "\($0)" }.joined().utf8) },
        Encoding("three times base64") { Encoding.base64.of(.base64).of(.base64).apply($0) },
        Encoding("escapes inside base64") { Encoding.base64.of(Encoding.escapes[0]).apply($0) },
        Encoding("Caesar's cipher") { $0.map { 48...122 ~= $0 ? $0 + 1 : $0 } },
        Encoding("exclusive or") { Encoding.hexadecimal.apply($0.map { $0 ^ 0x5A }) },
        Encoding("base64 with an alphabet of its own") { bytes in
            Encoding.base64.apply(bytes).map { 65...90 ~= $0 ? 155 - $0 : $0 }
        },
        Encoding("a number of the whole") { bytes in
            // Base 36 by long division.
            var number = bytes
            var digits: [UInt8] = []
            while let first = number.firstIndex(where: { $0 > 0 }) {
                var rest = 0
                for index in first..<number.count {
                    rest = rest * 256 + Int(number[index])
                    number[index] = UInt8(rest / 36)
                    rest %= 36
                }
                digits += Array(String(rest, radix: 36).utf8)
            }
            return digits.reversed()
        },
        Encoding("words for digits") { bytes in
            let words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
            return Array(bytes.map { 48...57 ~= $0 ? words[Int($0) - 48] : "\($0)" }.joined(separator: " ").utf8)
        },
    ]
}
