import CSodium
package import Secrets

/// HMAC with SHA-256 (RFC 2104, FIPS 198-1), by libsodium.
package enum HMACSHA256 {
    /// What authenticates `bytes` to whoever has the key, in 64 lowercase hexadecimal digits.
    package static func hex(_ bytes: [UInt8], key: Secret) -> String {
        var state = crypto_auth_hmacsha256_state()
        var code = [UInt8](repeating: 0, count: Int(crypto_auth_hmacsha256_BYTES))
        defer { unsafe sodium_memzero(&state, MemoryLayout.size(ofValue: state)) }
        // None of these has a failure: libsodium documents the return values as always zero.
        key.withBytes { span in
            unsafe span.withUnsafeBytes { bytes in
                // libsodium reads nothing of an empty key.
                let none: UInt8 = 0
                unsafe withUnsafePointer(to: none) { none in
                    let start = unsafe bytes.bindMemory(to: UInt8.self).baseAddress ?? none
                    _ = unsafe crypto_auth_hmacsha256_init(&state, start, bytes.count)
                }
            }
        }
        _ = unsafe crypto_auth_hmacsha256_update(&state, bytes, UInt64(bytes.count))
        _ = unsafe crypto_auth_hmacsha256_final(&state, &code)
        return SHA256.hexadecimal(code)
    }
}
