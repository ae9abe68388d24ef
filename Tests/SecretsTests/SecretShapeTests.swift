import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct SecretShapeTests {
    private static let key = "sk-or-v1-" + String(repeating: "5a", count: 32)
    private static let identity = "ork-identity-1:" + String(repeating: "b", count: 60)

    @Test(
        "a text of the shape of a secret is masked to the end of its word, wherever it stands",
        arguments: [
            (key, "<redacted>"), ("unexpected argument '\(key)'", "unexpected argument '<redacted>'"),
            ("\(key) and \(identity).", "<redacted> and <redacted>."), ("--\(key)=x", "--<redacted>=x"),
            ("a -----BEGIN RSA PRIVATE KEY-----\nMII\n-----END", "a <redacted>"),
            ("a\(key.prefix(24))", "a\(key.prefix(24))"),
            ("sk-or-v1-0e6...1c96", "sk-or-v1-0e6...1c96"), ("", ""),
        ])
    func masking(text: String, masked: String) {
        #expect(SecretShape.masking(text) == masked)
    }
}
