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

/// libsodium's `crypto_kdf`: several keys from one (BLAKE2b with the number as salt and the context as personal data).
package enum KeyDerivation {
    /// The `number`th 32-byte key of `master` (32 bytes) for `context` (8 ASCII characters).
    package static func derive(
        _ number: UInt64, context: StaticString, from master: Secret
    ) throws(SodiumError) -> Secret {
        let context = Array("\(context)".utf8)
        guard master.count == Int(crypto_kdf_KEYBYTES), context.count == Int(crypto_kdf_CONTEXTBYTES) else {
            throw .length
        }
        var key = master.copyBytes()
        var subkey = [UInt8](repeating: 0, count: 32)
        defer {
            unsafe sodium_memzero(&key, key.count)
            unsafe sodium_memzero(&subkey, subkey.count)
        }
        let signed = context.map { CChar(bitPattern: $0) }
        guard unsafe crypto_kdf_derive_from_key(&subkey, subkey.count, number, signed, key) == 0 else {
            throw .length
        }
        return Secret(subkey)
    }
}

/// Why a cryptographic operation was refused.
package enum SodiumError: String, Error, Sendable {
    /// The box was made for another key, or was altered.
    case cannotOpen = "the sealed box does not open with this identity"
    /// A key, box or signature of the wrong length.
    case length = "a key of the wrong length"
    /// libsodium could not start.
    case unavailable = "libsodium does not start on this machine"
}
