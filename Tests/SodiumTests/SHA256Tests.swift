import Secrets
import Sodium
import TestSupport
import Testing

@Suite(.tags(.values)) struct SHA256Tests {
    @Test(
        "the digests are those of FIPS 180-4",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                String(repeating: "a", count: 1_000_000),
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
            ),
        ])
    func digests(text: String, expected: String) {
        #expect(SHA256.hex(text.utf8) == expected)
        #expect(SHA256.hash(Array(text.utf8)) == bytes(expected))
        #expect(Digest(of: Array(text.utf8)).description == "sha256:" + expected)
        #expect(Digest(of: Secret(text)).hex == expected)
    }
}
