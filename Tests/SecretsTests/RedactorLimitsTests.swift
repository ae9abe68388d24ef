import Secrets
import TestSupport
import Testing

/// What the redactor does not find, by its own word, and what it must leave alone.
@Suite(.tags(.values)) struct RedactorLimitsTests {
    private static let redactor = Redactor([Secret(Samples.key)])

    @Test("what the documentation excepts is not found", arguments: Encoding.exceptions)
    func exceptionsAreTrue(encoding: Encoding) {
        let redactor = Redactor(only: Secret(Samples.key))
        #expect(!redactor.contains(encoding.apply(Array(Samples.key.utf8))))
    }

    @Test("a long secret is found in an encoding, but not in an encoding of an encoding")
    func longSecrets() {
        var random = SplitMix64(seed: 3)
        let secret = random.text(of: "0123456789abcdefghijklmnopqrstuvwxyz \n", 3_000)
        let redactor = Redactor([Secret(secret)])
        for encoding in Encoding.common { #expect(redactor.contains(encoding.apply(secret)), "\(encoding.name)") }
        #expect(!redactor.contains(Encoding.base64.of(.base64).apply(secret)))
    }

    @Test("a compressed key is not found, and one that gzip only stores is")
    func compression() {
        let key = Array(Samples.key.utf8)
        let stored = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1, UInt8(key.count), 0, ~UInt8(key.count), 0xFF] + key
        #expect(Self.redactor.contains(stored))
        #expect(Self.redactor.contains(Encoding.base64.apply(stored)))
        #expect(!Redactor(only: Secret(Samples.key)).contains(Self.compressed))
    }

    /// `printf %s KEY | gzip -n -9`.
    private static let compressed = bytes(
        "1f8b08000000000002030dc7390ac4300c00c017192c4bd6f11c5d6e522c6c20ef4fa69bfb1abfff7860cce632070a59"
            + "a9fb6081b34d9268d45cfbc8b7420f82d6b3574e0e29d3463a0e69fc02199ab55e49000000")

    private static func bytes(_ hexadecimal: String) -> [UInt8] {
        stride(from: 0, to: hexadecimal.utf8.count, by: 2).compactMap {
            UInt8(hexadecimal.dropFirst($0).prefix(2), radix: 16)
        }
    }

    @Test(
        "what tells of a key without disclosing it passes unchanged",
        arguments: [
            "sk-or-v1-0e6...1c96", "sk-or-v1-0e6…1c96", "sk-or-v1-0e6...1c96  \(hash)",
            "sk-or-v1-… 0e6d9a14b72c85f is too little",
            #"{"data":[{"label":"sk-or-v1-0e6...1c96","hash":"\#(hash)","name":"web 2026-11-23 ork:01JDBZ"}]}"#,
            "digest sha256:\(hash)", hash, "\(hash)\(hash)", "sk-or-v1- is the prefix; sk-or-v1-0123 is too short",
            "01JDB3X9K2M4N6P8Q0R1S2T3V4", #"{"receipt":{"version":"3","etag":"\#(hash.prefix(32))"}}"#,
            "c2stb3ItdjEtMGU2Li4uMWM5Ng==", "736b2d6f722d76312d3065362e2e2e31633936",
            "2026-11-23T03:04:05Z web: wrote OPENROUTER_API_KEY to .env (0600)\n",
            "GET https://openrouter.ai/api/v1/key?x=%2Fa%20b → 200 in 12 ms\r\n",
            #"{"id":"1","outcome":"committed","receipt":{"path":"C:\\Users\\x","note":"\u00e9\n"}}"#,
            "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4 AAAA//// ++++ \\\\\\\\ %%%% %ZZ \\u12G4 &amp &#x; &#9999999999; =\r= \\",
            "", "\u{0}\u{1}\u{7F}", "ü😀",
        ])
    func ordinaryTextPasses(text: String) {
        #expect(Self.redactor.redacting(text) == text)
        #expect(!Self.redactor.contains(text.utf8))
    }

    private static let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

    @Test(
        "a megabyte of anything else passes unchanged",
        arguments: [
            "0123456789abcdef", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
            "eeeeeetttttaaaaoooiiinnnsshhrrdlu      ", "{}[]\",:0123456789truefalsenull\\/e.-", "0123456789,", "01",
        ])
    func randomTextPasses(alphabet: String) {
        var random = SplitMix64(seed: 1)
        let redactor = Redactor(Samples.secrets.map { Secret($0) })
        let text = random.text(of: alphabet, 1 << 20)
        #expect(redactor.redacting(text) == text)
    }

    @Test(
        "the bytes of other keys' hashes and of random numbers pass unchanged in every encoding",
        arguments: Encoding.all)
    func otherSecretsPass(encoding: Encoding) {
        var random = SplitMix64(seed: 2)
        for _ in 0..<10 {
            let text = encoding.apply(random.text(of: "0123456789abcdef", 64))
            #expect(!Self.redactor.contains(text))
            for inner in Encoding.common {
                let text = encoding.apply(inner.apply(random.text(of: "0123456789abcdef", 64)))
                #expect(!Self.redactor.contains(text), "\(inner.name)")
            }
        }
    }
}
