import Secrets
import TestSupport
import Testing

/// The forms are spelt out here by other means than the redactor's, so that one mistake cannot hide the other.
@Suite(.tags(.values)) struct RedactorTests {
    static let digits = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"
    static let key = "sk-or-v1-\(digits)"

    @Test("every form is replaced, wherever the stream is cut", arguments: Form.allCases)
    func everyFormIsReplaced(form: Form) {
        for secret in [Self.key, "correct horse/battery?staple+ü😀", "p4$$ \"w\\rd\"-longer"] {
            let fresh = Redactor([Secret(secret)])
            for text in form.spellings(of: secret) {
                let whole = Array("before \(text) after".utf8)
                for cut in stride(from: Int.random(in: 0..<7), through: whole.count, by: 7) {
                    var redactor = fresh
                    let output = redactor.redact(whole[..<cut]) + redactor.redact(whole[cut...]) + redactor.flush()
                    let result = String(decoding: output, as: UTF8.self)
                    #expect(result.hasPrefix("before "), "\(form) \(cut)")
                    #expect(result.hasSuffix(" after"), "\(form) \(cut)")
                    #expect(result.contains(Redactor.placeholder), "\(form) \(cut)")
                    // What base64 mixes with its neighbours may stay: five characters at most on either side.
                    #expect(result.utf8.count <= "before <redacted> after".utf8.count + 10, "\(form) \(cut)")
                }
                #expect(fresh.contains(whole))
            }
        }
    }

    @Test("the digits of a key alone are replaced in every form", arguments: Form.allCases)
    func theDigitsAloneAreReplaced(form: Form) {
        for digits in [Self.digits, Self.digits.uppercased()] {
            for text in form.spellings(of: digits) {
                #expect(Redactor([Secret(Self.key)]).redacting("x=\(text)").contains(Redactor.placeholder), "\(form)")
            }
        }
    }

    @Test("random cuts give what the whole text gives")
    func randomCutsGiveTheSame() {
        let secrets = [Self.key, "short", "shorter-and-longer", "%41\\u0042/+"].map { Secret($0) }
        let pieces =
            Form.allCases.flatMap { $0.spellings(of: Self.key) } + [
                "short", "shorter", "shorter-and-longe", "shorter-and-longer", "%41\\u0042/+", "\\", "%", "%4", "\\u0",
                "sk-or-v1-", Self.digits, "\n", "plain text ", "sk-or-sk-or-v1-", "c2stb3I",
            ]
        var random = SystemRandomNumberGenerator()
        let fresh = Redactor(secrets)
        for _ in 0..<200 {
            let text = (0..<8).compactMap { _ in pieces.randomElement(using: &random) }.joined()
            let bytes = Array(text.utf8)
            var redactor = fresh
            var output: [UInt8] = []
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + Int.random(in: 1...40, using: &random))
                output += redactor.redact(bytes[start..<end])
                start = end
            }
            output += redactor.flush()
            #expect(String(decoding: output, as: UTF8.self) == fresh.redacting(text))
        }
    }

    @Test(
        "ordinary log text passes unchanged",
        arguments: [
            "2026-11-23T03:04:05Z web: wrote OPENROUTER_API_KEY to .env (0600)\n",
            "GET https://openrouter.ai/api/v1/key?x=%2Fa%20b → 200 in 12 ms\r\n",
            #"{"id":"1","outcome":"committed","receipt":{"path":"C:\\Users\\x","note":"\u00e9\n"}}"#,
            "digest sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "sk-or-v1-0a1…8f9 is the label; sk-or-v1- is the prefix; sk-or-v1-0123 is too short",
            "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4 AAAA//// ++++ \\\\\\\\ %%%% %ZZ \\u12G4",
            "", "\u{0}\u{1}\u{7F}", "ü😀",
        ])
    func ordinaryTextPasses(text: String) {
        let redactor = Redactor([Secret(Self.key)])
        #expect(redactor.redacting(text) == text)
        #expect(!redactor.contains(text.utf8))
    }

    @Test("an unknown key is replaced by its pattern")
    func anUnknownKeyIsReplaced() {
        let unknown = "sk-or-v1-" + String(repeating: "5f", count: 32)
        #expect(Redactor().redacting("Bearer \(unknown)!") == "Bearer <redacted>!")
        #expect(Redactor().contains(unknown.utf8))
    }

    @Test("short secrets are replaced as they are, empty ones ignored")
    func shortSecrets() {
        #expect(Redactor([Secret("ab")]).redacting("cab ba YWI=") == "c<redacted> ba YWI=")
        #expect(Redactor([Secret("")]).redacting("text") == "text")
        #expect(Redactor([Secret([0xFF, 0xFE])]).contains([1, 0xFF, 0xFE]))
    }

    @Test("of two secrets with one beginning the longer one goes")
    func theLongerOneGoes() {
        let redactor = Redactor([Secret("secret"), Secret("secret-and-more")])
        #expect(redactor.redacting("secret-and-more secret-and-less") == "<redacted> <redacted>-and-less")
    }

    @Test("a secret that the end of the stream cuts off is replaced, a few letters are not")
    func theEndOfTheStream() {
        for (text, expected) in [(String(Self.key.prefix(40)), "<redacted>"), ("sk-or-v1", "sk-or-v1")] {
            var redactor = Redactor([Secret(Self.key)])
            #expect(redactor.redact(Array(text.utf8)) + redactor.flush() == Array(expected.utf8))
        }
    }

    @Test("nothing is held back that cannot begin a secret")
    func littleIsHeldBack() {
        var redactor = Redactor([Secret("secret-text")])
        #expect(redactor.redact(Array("hello ".utf8)) == Array("hello ".utf8))
        #expect(redactor.redact(Array("#secret".utf8)) == Array("#".utf8))
        #expect(redactor.redact(Array("!".utf8)) == Array("secret!".utf8))
    }
}
