import Sodium
import TestSupport
import Testing

@Suite(.tags(.values)) struct Base64URLTests {
    // RFC 4648 §10 without padding, and the two letters in which the URL-safe alphabet differs.
    @Test(
        "bytes and text are each other's only form",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ])
    func vectors(plain: String, text: String) {
        #expect(Base64URL.encode(Array(plain.utf8)) == text)
        #expect(Base64URL.decode(text) == Array(plain.utf8))
    }

    @Test("the alphabet is the URL-safe one")
    func alphabet() {
        #expect(Base64URL.encode([0xFB, 0xEF, 0xFF]) == "--__")
        #expect(Base64URL.decode("--__") == [0xFB, 0xEF, 0xFF])
    }

    @Test(
        "whatever another reader might take for the same bytes is refused",
        arguments: [
            // Padding, white space, the other alphabet, one letter too many, bits that are thrown away.
            "Zg==", "Zm8=", " Zg", "Zg\n", "Zm 9v", "++//", "Z", "Zm9vY", "Zh", "Zm9", "Zg\0", "Zé", "Ｚg",
        ])
    func strictness(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test("random bytes survive", arguments: 0..<70)
    func roundTrip(count: Int) {
        let bytes = RandomBytes.bytes(count)
        #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
    }
}
