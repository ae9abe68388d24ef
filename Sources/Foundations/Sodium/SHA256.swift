import CSodium
package import Secrets

/// SHA-256 (FIPS 180-4), by libsodium.
package enum SHA256 {
    /// The digest of `bytes` in 64 lowercase hexadecimal digits.
    package static func hex(_ bytes: some Collection<UInt8>) -> String {
        hexadecimal(hash(Array(bytes)))
    }

    /// The 32 bytes of the digest.
    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        // It has no failure: libsodium documents the return value as always zero.
        _ = unsafe crypto_hash_sha256(&digest, bytes, UInt64(bytes.count))
        return digest
    }

    static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension Digest {
    /// The digest of a secret's bytes.
    package init(of secret: Secret) {
        var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        secret.withBytes { span in
            unsafe span.withUnsafeBytes { bytes in
                let start = unsafe bytes.bindMemory(to: UInt8.self).baseAddress
                _ = unsafe crypto_hash_sha256(&digest, start, UInt64(bytes.count))
            }
        }
        self.init(trustedHex: SHA256.hexadecimal(digest))
    }

    /// The digest of bytes that are no secret.
    package init(of bytes: [UInt8]) {
        self.init(trustedHex: SHA256.hex(bytes))
    }
}

/// Random numbers of the operating system (`randombytes_buf`).
package enum RandomBytes {
    /// `count` bytes that are no secret.
    package static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        unsafe randombytes_buf(&bytes, count)
        return bytes
    }

    /// `count` secret bytes.
    package static func secret(_ count: Int) -> Secret {
        var bytes = bytes(count)
        defer { unsafe sodium_memzero(&bytes, count) }
        return Secret(bytes)
    }
}
