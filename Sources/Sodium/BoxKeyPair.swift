import CSodium
package import Secrets

/// An X25519 key pair that opens sealed boxes (libsodium `crypto_box_seal`).
package struct BoxKeyPair: Sendable {
    package let publicKey: [UInt8]
    /// What opens them: for a service in a sandbox, which shows it to another reader.
    package let secretKey: Secret

    /// The pair of a 32-byte seed (`crypto_box_seed_keypair`).
    package init(seed: Secret) throws(SodiumError) {
        guard seed.count == Int(crypto_box_SEEDBYTES) else { throw .length }
        var publicKey = [UInt8](repeating: 0, count: Int(crypto_box_PUBLICKEYBYTES))
        var secretKey = [UInt8](repeating: 0, count: Int(crypto_box_SECRETKEYBYTES))
        var seedBytes = seed.copyBytes()
        defer {
            unsafe sodium_memzero(&secretKey, secretKey.count)
            unsafe sodium_memzero(&seedBytes, seedBytes.count)
        }
        guard unsafe crypto_box_seed_keypair(&publicKey, &secretKey, seedBytes) == 0 else { throw .length }
        self.publicKey = publicKey
        self.secretKey = Secret(secretKey)
    }

    /// Opens a box that was sealed to `publicKey`.
    package func open(_ box: [UInt8]) throws(SodiumError) -> Secret {
        let overhead = crypto_box_sealbytes()
        guard box.count >= overhead else { throw .cannotOpen }
        var plaintext = [UInt8](repeating: 0, count: box.count - overhead)
        var key = secretKey.copyBytes()
        defer {
            unsafe sodium_memzero(&plaintext, plaintext.count)
            unsafe sodium_memzero(&key, key.count)
        }
        guard unsafe crypto_box_seal_open(&plaintext, box, UInt64(box.count), publicKey, key) == 0 else {
            throw .cannotOpen
        }
        return Secret(plaintext)
    }

    /// Seals a secret to a public key of 32 bytes; nobody but its owner can open it, the sealer included.
    package static func seal(_ secret: Secret, to publicKey: [UInt8]) throws(SodiumError) -> [UInt8] {
        guard publicKey.count == Int(crypto_box_PUBLICKEYBYTES) else { throw .length }
        guard sodium_init() >= 0 else { throw .unavailable }
        var box = [UInt8](repeating: 0, count: secret.count + crypto_box_sealbytes())
        let status = secret.withBytes { span in
            unsafe span.withUnsafeBytes { bytes in
                let start = unsafe bytes.bindMemory(to: UInt8.self).baseAddress
                return unsafe crypto_box_seal(&box, start, UInt64(bytes.count), publicKey)
            }
        }
        guard status == 0 else { throw .length }
        return box
    }
}
