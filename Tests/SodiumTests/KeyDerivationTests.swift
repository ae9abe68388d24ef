import Secrets
import Sodium
import TestSupport
import Testing

@Suite(.tags(.values)) struct KeyDerivationTests {
    // Made with Python: hashlib.blake2b(key=master, salt=LE64(number) + 8 zeros, person=context + 8 zeros).
    @Test(
        "derived keys are BLAKE2b with the number as salt and the context as personal data",
        arguments: [
            (1, "baac7aac2899017b188a7e3f02f4b0d7a9b6f8c3da406c6fa34519333bc7f7a5"),
            (2, "30634aa44c7c2b8f048fdc103653a9a8f9c726fb3e183a83318198777c51bb59"),
        ] as [(UInt64, String)])
    func identityKeys(number: UInt64, expected: String) throws {
        let key = try KeyDerivation.derive(number, context: "ork-id-1", from: Secret(Array(0..<32)))
        #expect(key.copyBytes() == bytes(expected))
    }

    @Test("another context and the largest number derive another key")
    func contexts() throws {
        let key = try KeyDerivation.derive(.max, context: "Examples", from: Secret(Array(0..<32)))
        #expect(key.copyBytes() == bytes("200770b2719cf38e542a08f945529e9243859c9a51ab656ee9c70c2393cfcafe"))
    }

    @Test("a master key or a context of another length is refused")
    func lengths() {
        #expect(throws: SodiumError.length) {
            try KeyDerivation.derive(1, context: "ork-id-1", from: Secret(Array(0..<31)))
        }
        #expect(throws: SodiumError.length) {
            try KeyDerivation.derive(1, context: "ork-id", from: Secret(Array(0..<32)))
        }
    }
}
