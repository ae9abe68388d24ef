import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct SecretTests {
    @Test("no way of printing shows a secret")
    func printingShowsNothing() {
        struct Holder { let secret: Secret }
        let secret = Secret("hidden-text")
        var dumped = ""
        dump(Holder(secret: secret), to: &dumped)
        let texts = [
            "\(secret)", String(reflecting: secret), "\([secret])", "\(Holder(secret: secret))",
            "\(Optional(secret) as Any)", dumped,
        ]
        for text in texts { #expect(!text.contains("hidden")) }
    }

    @Test(
        "secrets are equal when their bytes are", arguments: [("a", "a", true), ("a", "b", false), ("a", "aa", false)])
    func equality(left: String, right: String, areEqual: Bool) {
        #expect((Secret(left) == Secret(right)) == areEqual)
    }

    @Test("the text comes back only if it is UTF-8")
    func revealing() {
        #expect(Secret("ü").revealed() == "ü")
        #expect(Secret([0xFF]).revealed() == nil)
        #expect(Secret("abc").copyBytes() == [97, 98, 99])
    }

    @Test(
        "a digest is sha256: and 64 lowercase digits",
        arguments: [
            ("sha256:" + String(repeating: "a0", count: 32), true), (String(repeating: "a0", count: 32), false),
            ("sha256:" + String(repeating: "A0", count: 32), false), ("sha256:a0", false), ("", false),
        ])
    func digests(text: String, isValid: Bool) {
        #expect((Digest(text) != nil) == isValid)
    }
}
