import CSodium
package import Secrets

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
