import CSodium
package import Secrets

/// An Ed25519 key pair (RFC 8032).
package struct SigningKeyPair: Sendable {
    package let publicKey: [UInt8]
    private let secretKey: Secret

    /// The pair of a 32-byte seed (`crypto_sign_seed_keypair`).
    package init(seed: Secret) throws(SodiumError) {
        guard seed.count == Int(crypto_sign_SEEDBYTES) else { throw .length }
        var publicKey = [UInt8](repeating: 0, count: Int(crypto_sign_PUBLICKEYBYTES))
        var secretKey = [UInt8](repeating: 0, count: Int(crypto_sign_SECRETKEYBYTES))
        var seedBytes = seed.copyBytes()
        defer {
            unsafe sodium_memzero(&secretKey, secretKey.count)
            unsafe sodium_memzero(&seedBytes, seedBytes.count)
        }
        guard unsafe crypto_sign_seed_keypair(&publicKey, &secretKey, seedBytes) == 0 else { throw .length }
        self.publicKey = publicKey
        self.secretKey = Secret(secretKey)
    }

    /// The 64 bytes of the signature; the same message has the same one each time.
    package func sign(_ message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: Int(crypto_sign_BYTES))
        var key = secretKey.copyBytes()
        defer { unsafe sodium_memzero(&key, key.count) }
        // It has no failure: libsodium documents the return value as always zero.
        _ = unsafe crypto_sign_detached(&signature, nil, message, UInt64(message.count), key)
        return signature
    }

    /// Whether `signature` is one of `message` by the owner of `publicKey`.
    package static func isValid(_ signature: [UInt8], of message: [UInt8], by publicKey: [UInt8]) -> Bool {
        guard signature.count == Int(crypto_sign_BYTES), publicKey.count == Int(crypto_sign_PUBLICKEYBYTES) else {
            return false
        }
        return unsafe crypto_sign_verify_detached(signature, message, UInt64(message.count), publicKey) == 0
    }
}
