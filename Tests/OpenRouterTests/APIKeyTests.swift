import OpenRouter
import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct APIKeyTests {
    @Test(
        "one word of printable ASCII is a key",
        arguments: [
            ("sk-or-v1-" + String(repeating: "0f", count: 32), true), ("sk-or-v1-x", false), ("!", false),
            ("sk-or-v1-" + String(repeating: "0F", count: 32), false),
            ("sk-or-v1-" + String(repeating: "0f", count: 33), false),
        ])
    func accepted(text: String, looksUsual: Bool) throws {
        let key = try APIKey(Secret(text))
        #expect(key.looksUsual == looksUsual)
        #expect(key.secret == Secret(text))
    }

    @Test(
        "anything else is refused", arguments: ["", " ", "sk-or-v1-a\n", "sk or", "sk\u{0}", "sk-é", "\u{7F}", "a\tb"])
    func refused(text: String) {
        let error = #expect(throws: OpenRouterError.self) { try APIKey(Secret(text)) }
        #expect(error?.code == .invalid)
        #expect(error?.mayHaveArrived == false)
    }

    @Test func theDigestIsTheSHA256OfTheText() throws {
        // FIPS 180-4's own example.
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(try APIKey(Secret("abc")).digest.hex == hex)
    }

    @Test func aKeyIsNotShown() throws {
        let key = try APIKey(Secret("sk-or-v1-sentinel"))
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!"\(key) \(String(reflecting: key)) \(dumped)".contains("sentinel"))
    }
}
