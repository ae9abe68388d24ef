import Secrets
import TestSupport
import Testing

/// What the redactor promises to find, tried with a generator of encodings.
@Suite(.tags(.values)) struct RedactorEncodingTests {
    private static let redactors = Samples.secrets.map { Redactor([Secret($0)]) }

    @Test("there are more than 70 encodings, each with its own name")
    func count() {
        #expect(Set(Encoding.all.map(\.name)).count == Encoding.all.count)
        #expect(Encoding.all.count > 70)
    }

    @Test("a secret is replaced in every encoding, whatever stands around it", arguments: Encoding.all)
    func everyEncoding(encoding: Encoding) {
        for (secret, redactor) in zip(Samples.secrets, Self.redactors) {
            let encoded = encoding.apply(Array(secret.utf8))
            for (before, after) in Samples.surroundings {
                let text = Array(before.utf8) + encoded + Array(after.utf8)
                let output = redactor.redacting(text)
                #expect(redactor.contains(text), "\(secret)")
                #expect(Self.isReplaced(output, before, after), "\(secret) \(String(decoding: output, as: UTF8.self))")
            }
        }
    }

    @Test("the digits of a key are replaced without what stands before them", arguments: Encoding.all)
    func digitsAlone(encoding: Encoding) {
        for digits in [Samples.digits, Samples.digits.uppercased()] {
            let output = Self.redactors[0].redacting(Array("q: ".utf8) + encoding.apply(Array(digits.utf8)))
            #expect(Self.isReplaced(output, "q: ", ""), "\(String(decoding: output, as: UTF8.self))")
        }
    }

    @Test("the number that a key's digits stand for is replaced", arguments: Encoding.ofNumbers)
    func number(encoding: Encoding) {
        let pairs = stride(from: 0, to: 64, by: 2).map { Samples.digits.dropFirst($0).prefix(2) }
        let number = pairs.compactMap { UInt8($0, radix: 16) }
        #expect(Self.redactors[0].contains(encoding.apply(number)))
        let isCommon = Encoding.common.contains { $0.name == encoding.name }
        if isCommon { #expect(Self.redactors[0].contains(encoding.apply(Array(number[11..<19])))) }
    }

    @Test("any 16 consecutive digits of a key are replaced in every encoding", arguments: Encoding.all)
    func runs(encoding: Encoding) {
        var random = SplitMix64(seed: 16)
        for start in [0, 48] + (0..<4).map({ _ in Int.random(in: 1..<48, using: &random) }) {
            let run = Array(Samples.digits.utf8.dropFirst(start).prefix(16))
            #expect(Self.redactors[0].contains(encoding.apply(run)), "from \(start)")
        }
    }

    @Test("an encoding of an encoding is replaced", arguments: Encoding.outer)
    func nested(outer: Encoding) {
        for inner in Encoding.common {
            for (secret, redactor) in zip(Samples.secrets, Self.redactors) {
                let output = redactor.redacting(Array("q: ".utf8) + outer.apply(inner.apply(Array(secret.utf8))))
                #expect(
                    Self.isReplaced(output, "q: ", "", leaving: 12 + 8 * (outer.apply([65, 66]).count - 1)),
                    "\(inner.name) \(secret): \(String(decoding: output, as: UTF8.self))")
            }
        }
    }

    @Test("an escape of an escape is replaced", arguments: Encoding.escapes)
    func escapedTwice(outer: Encoding) {
        for inner in Encoding.escapes {
            let text = outer.apply(inner.apply(Array(Samples.key.utf8)))
            #expect(Self.redactors[0].contains(text), "\(inner.name)")
        }
    }

    @Test("escapes of an encoding of an encoding are replaced", arguments: Encoding.escapes)
    func escapedNesting(outer: Encoding) {
        for inner in [Encoding.base64.of(.base64), Encoding.base64.of(.hexadecimal), Encoding.hexadecimal.of(.base64)] {
            #expect(Self.redactors[0].contains(outer.apply(inner.apply(Array(Samples.key.utf8)))), "\(inner.name)")
        }
    }

    @Test(
        "a key that nobody knows is replaced",
        arguments: [Encoding("plain") { $0 }, .hexadecimal, .base64, .urlBase64, .base32] + Encoding.escapes)
    func unknownKeys(encoding: Encoding) {
        let redactor = Redactor()
        for before in ["", "a", "ab", "abc", "abcd"] {
            for after in ["", "\n", ", and more"] {
                let text = encoding.apply(Array("\(before)\(Samples.key)\(after)".utf8))
                #expect(redactor.contains(text), "\(before) \(after)")
            }
        }
        #expect(!Redactor(only: Secret("another-secret")).contains(encoding.apply(Array(Samples.key.utf8))))
    }

    @Test("a random token is replaced in random encodings, among random bytes", arguments: 0..<60)
    func randomTokens(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        let token = random.text(of: alphabet, Int.random(in: 20...60, using: &random))
        let redactor = Redactor([Secret(token)])
        for _ in 0..<20 {
            guard let outer = Encoding.outer.randomElement(using: &random),
                let inner = Encoding.common.randomElement(using: &random)
            else { continue }
            let text = random.text(of: alphabet + " \n%&=\\{}\"", Int.random(in: 0...90, using: &random))
            let encoded = outer.apply(inner.apply(text.prefix(7) + token + text.prefix(5)))
            #expect(redactor.contains(text + [32] + encoded + [10] + text), "\(outer.name) of \(inner.name)")
            #expect(!redactor.contains(text), "\(String(decoding: text, as: UTF8.self))")
        }
    }

    @Test("each line of a hex dump is replaced that shows 16 digits")
    func hexDump() {
        let bytes = Array(Samples.key.utf8)
        let lines = stride(from: 0, to: bytes.count, by: 16).map { start in
            let line = Array(bytes[start..<min(start + 16, bytes.count)])
            let columns = String(decoding: Encoding.hexadecimal.apply(line), as: UTF8.self)
            let offset = String(repeating: "0", count: start < 16 ? 7 : 6) + String(start, radix: 16)
            return "\(offset)  \(columns)  |\(String(decoding: line, as: UTF8.self))|\n"
        }
        let output = Self.redactors[0].redacting(lines.joined())
        // The first line shows seven digits and the last one nine.
        #expect(output.split(separator: "\n").filter { $0.contains(Redactor.placeholder) }.count == 3)
        #expect(!output.contains("9a14b72c") && !output.contains("98e34fa1"))
    }

    /// Whether one placeholder stands for nearly all between the surroundings.
    private static func isReplaced(_ output: [UInt8], _ before: String, _ after: String, leaving rest: Int = 12) -> Bool
    {
        let placeholder = Array(Redactor.placeholder.utf8)
        // What an encoding mixes with its neighbours may stay, and what is neither letter nor digit.
        return output.starts(with: before.utf8) && output.suffix(after.utf8.count).elementsEqual(after.utf8)
            && output.firstRange(of: placeholder) != nil
            && output.count <= before.utf8.count + placeholder.count + after.utf8.count + rest
    }
}

extension Redactor {
    /// The bytes with every secret replaced.
    func redacting(_ bytes: [UInt8]) -> [UInt8] {
        var redactor = self
        return redactor.redact(bytes) + redactor.flush()
    }
}
