import CSodium
package import Secrets

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
