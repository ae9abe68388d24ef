import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct RedactorTests {
    @Test("a stream gives what the whole text gives, wherever it is cut", arguments: Encoding.all)
    func everyCut(encoding: Encoding) {
        let fresh = Redactor([Secret(Samples.key)])
        let text = Array("before:".utf8) + encoding.apply(Array(Samples.key.utf8)) + Array(":after".utf8)
        let whole = fresh.redacting(text)
        for cut in text.indices.dropFirst() {
            var redactor = fresh
            let output = redactor.redact(text[..<cut]) + redactor.redact(text[cut...]) + redactor.flush()
            if Self.isSpace(text[cut - 1]) {
                Self.expectNearly(output, whole)
            } else {
                #expect(output == whole, "\(cut)")
            }
        }
    }

    @Test("random pieces give what the whole text gives", arguments: 0..<100)
    func randomPieces(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let secrets = Samples.secrets + ["short", "shorter-and-longer", "%41\\u0042/+", "a b", "\u{5BC6}\u{7801}"]
        let fresh = Redactor(secrets.map { Secret($0) })
        var text: [UInt8] = []
        for _ in 0..<6 {
            let secret = Array((secrets.randomElement(using: &random) ?? "").utf8)
            let encoding = Encoding.all.randomElement(using: &random)?.apply ?? { $0 }
            text +=
                [
                    secret, encoding(secret), Array(encoding(secret).prefix(Int.random(in: 1...60, using: &random))),
                    random.text(of: "sk-or-v1-0123456789abcdef\\%&=\n", 20), Array("plain text".utf8),
                ].randomElement(using: &random) ?? []
        }
        let whole = fresh.redacting(text)
        var redactor = fresh
        var output: [UInt8] = []
        var start = 0
        while start < text.count {
            var end = min(text.count, start + Int.random(in: 1...40, using: &random))
            while end < text.count, Self.isSpace(text[end - 1]) { end += 1 }
            output += redactor.redact(text[start..<end])
            start = end
        }
        #expect(output + redactor.flush() == whole, "\(String(decoding: text, as: UTF8.self))")
    }

    @Test("a secret that comes byte by byte is replaced but for seven characters", arguments: Encoding.all)
    func byteByByte(encoding: Encoding) {
        let fresh = Redactor([Secret(Samples.key)])
        let text = Array("before\n".utf8) + encoding.apply(Array(Samples.key.utf8)) + Array("\nafter\n".utf8)
        var redactor = fresh
        var output: [UInt8] = []
        for byte in text { output += redactor.redact([byte]) }
        Self.expectNearly(output + redactor.flush(), fresh.redacting(text))
    }

    @Test("short secrets are replaced as they are, empty ones ignored")
    func shortSecrets() {
        #expect(Redactor([Secret("ab")]).redacting("cab ba YWI=") == "c<redacted> ba YWI=")
        #expect(Redactor([Secret("ab")]).redacting("%61b \\u0061b a\\x62") == "<redacted> <redacted> <redacted>")
        #expect(Redactor([Secret("")]).redacting("text") == "text")
        #expect(Redactor([Secret("four")]).redacting("666f7572 66-6F-75-72") == "<redacted> <redacted>")
        #expect(Redactor([Secret([0xFF, 0xFE])]).contains([1, 0xFF, 0xFE]))
    }

    @Test(
        "a secret without letters is replaced as it is, escaped, reversed, in hexadecimal and in base64",
        arguments: ["$%^&*(#@!)_+|~-=`{}", "\u{5BC6}\u{7801}\u{5BC6}\u{7801}", "\"\\\"\\\"\\\"\\\"\\"])
    func withoutLetters(secret: String) {
        let redactor = Redactor([Secret(secret)])
        let json = secret.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let units = secret.utf16.map { "\\u" + String(repeating: "0", count: $0 < 256 ? 2 : 0) + String($0, radix: 16) }
        for text in [secret, json, units.joined(), String(secret.reversed())] {
            #expect(redactor.redacting("x \(text) y") == "x <redacted> y")
        }
        for encoding in [Encoding.hexadecimal, .base64, .urlBase64, Encoding.escapes[0]] {
            #expect(redactor.contains(encoding.apply(Array(secret.utf8))), "\(encoding.name)")
        }
    }

    @Test("of other secrets three quarters are replaced, the half is not")
    func partsOfOtherSecrets() {
        let token = Samples.secrets[1]
        for start in [0, 1, 2, 4, 5, 6, 7, 8, 9, 10] {
            let part = token.dropFirst(start).prefix(30)
            #expect(Redactor([Secret(token)]).redacting("x \(part) y") == "x <redacted> y")
        }
        #expect(Redactor([Secret(token)]).redacting("x \(token.prefix(20)) y") == "x \(token.prefix(20)) y")
    }

    @Test("an unknown key is replaced by its pattern")
    func anUnknownKeyIsReplaced() {
        #expect(Redactor().redacting("Bearer \(Samples.key)!") == "Bearer <redacted>!")
        #expect(Redactor(only: Secret("another")).redacting("Bearer \(Samples.key)!") == "Bearer \(Samples.key)!")
    }

    @Test("of two secrets with one beginning the longer one goes")
    func theLongerOneGoes() {
        let redactor = Redactor([Secret("secret"), Secret("secret-and-more")])
        #expect(redactor.redacting("secret-and-more secret-and-less") == "<redacted> <redacted>-and-less")
    }

    @Test("a secret that the end of the stream cuts off is replaced, a few letters are not")
    func theEndOfTheStream() {
        let secrets = Samples.secrets.map { Secret($0) }
        let cases = [
            (String(Samples.key.prefix(40)), "<redacted>"), ("sk-or-v1", "sk-or-v1"),
            (String(Samples.secrets[1].prefix(20)), "<redacted>"), ("ghp_q7RkZ0", "ghp_q7RkZ0"),
        ]
        for (text, expected) in cases { #expect(Redactor(secrets).redacting(text) == expected) }
    }

    @Test("a line need not wait for the next one")
    func littleIsHeldBack() {
        var redactor = Redactor([Secret("secret-text")])
        #expect(redactor.redact(Array("hello ".utf8)) == Array("hello ".utf8))
        #expect(redactor.redact(Array("#secret".utf8)).isEmpty)
        #expect(redactor.redact(Array("s!\n".utf8)) == Array("#secrets!\n".utf8))
        #expect(redactor.redact(Array("secret-text\n".utf8)) == Array("<redacted>\n".utf8))
    }

    @Test("what is held back is bounded, whatever comes")
    func bounded() {
        let ways: [(String) -> String] = [
            { $0 }, { "\\" + $0 }, { $0 + String(repeating: " ", count: 120) },
            { $0 + String(repeating: " ", count: 140) },
        ]
        for way in ways {
            var redactor = Redactor([Secret(Samples.key), Secret(String(repeating: "ab", count: 20))])
            var (read, given) = (0, 0)
            for _ in 0..<400 {
                for piece in ["sk-or-v1-", "0e6d9a", "%", "\\u00", "&", "abababab", "&#00", "=", "736b2d6f72"] {
                    let text = way(piece)
                    read += text.utf8.count
                    given += redactor.redact(Array(text.utf8)).count
                    #expect(read - given < 60_000)
                }
            }
        }
    }

    /// White space before a cut lets seven letters or digits pass that may turn out to begin a secret.
    private static func expectNearly(_ output: [UInt8], _ whole: [UInt8]) {
        #expect(output.firstRange(of: Array(Redactor.placeholder.utf8)) != nil)
        let isOpen = { (byte: UInt8) in 48...57 ~= byte || 65...90 ~= byte & 0xDF }
        // Ten for each, as in `\U00000073`.
        #expect(output.count(where: isOpen) <= whole.count(where: isOpen) + 7 * 10)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || 9...13 ~= byte }
}
