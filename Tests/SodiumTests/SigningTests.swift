import Secrets
import Sodium
import TestSupport
import Testing

@Suite(.tags(.values)) struct SigningTests {
    /// RFC 8032 §7.1, tests 1 to 3.
    struct Vector: Sendable, CustomTestStringConvertible {
        let seed, publicKey, message, signature: String
        var testDescription: String { "message \(message.isEmpty ? "of no bytes" : message)" }
    }

    static let published = [
        Vector(
            seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", message: "",
            signature: "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
                + "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        Vector(
            seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", message: "72",
            signature: "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da0"
                + "85ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        Vector(
            seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", message: "af82",
            signature: "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac1"
                + "8ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ]

    @Test("keys and signatures are those of RFC 8032", arguments: published)
    func vectors(vector: Vector) throws {
        let pair = try SigningKeyPair(seed: Secret(bytes(vector.seed)))
        #expect(pair.publicKey == bytes(vector.publicKey))
        #expect(pair.sign(bytes(vector.message)) == bytes(vector.signature))
        #expect(
            SigningKeyPair.isValid(
                bytes(vector.signature), of: bytes(vector.message), by: bytes(vector.publicKey)))
    }

    @Test("a changed bit anywhere is seen")
    func changedBits() throws {
        let pair = try SigningKeyPair(seed: Secret(bytes(Self.published[2].seed)))
        let message = bytes(Self.published[2].message)
        let signature = pair.sign(message)
        for index in signature.indices {
            var changed = signature
            changed[index] ^= 1
            #expect(!SigningKeyPair.isValid(changed, of: message, by: pair.publicKey))
        }
        #expect(!SigningKeyPair.isValid(signature, of: message + [0], by: pair.publicKey))
        #expect(!SigningKeyPair.isValid(signature + [0], of: message, by: pair.publicKey))
        #expect(!SigningKeyPair.isValid(signature.dropLast(), of: message, by: pair.publicKey))
        #expect(!SigningKeyPair.isValid(signature, of: message, by: Array(pair.publicKey.dropLast())))
        let other = try SigningKeyPair(seed: Secret(bytes(Self.published[1].seed)))
        #expect(!SigningKeyPair.isValid(signature, of: message, by: other.publicKey))
    }

    @Test("nobody can make a second signature out of one: S plus the group's order is refused")
    func malleability() throws {
        let pair = try SigningKeyPair(seed: Secret(bytes(Self.published[1].seed)))
        let message = bytes(Self.published[1].message)
        var signature = pair.sign(message)
        let order = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        var carry = 0
        for index in order.indices {
            let sum = Int(signature[32 + index]) + Int(order[index]) + carry
            signature[32 + index] = UInt8(sum & 0xFF)
            carry = sum >> 8
        }
        #expect(carry == 0)
        #expect(!SigningKeyPair.isValid(signature, of: message, by: pair.publicKey))
    }

    @Test("a public key of small order, for which one signature fits every message, is refused")
    func smallOrder() {
        let neutral: [UInt8] = [1] + [UInt8](repeating: 0, count: 31)
        let signature = neutral + [UInt8](repeating: 0, count: 32)
        #expect(!SigningKeyPair.isValid(signature, of: bytes("72"), by: neutral))
    }

    @Test("a seed of another length is refused", arguments: [0, 31, 33, 64])
    func seeds(count: Int) {
        let seed = Secret([UInt8](repeating: 1, count: count))
        #expect(throws: SodiumError.length) { try SigningKeyPair(seed: seed) }
        #expect(throws: SodiumError.length) { try BoxKeyPair(seed: seed) }
    }
}
