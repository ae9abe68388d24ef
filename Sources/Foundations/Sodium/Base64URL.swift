import CSodium

/// Base64 with the URL-safe alphabet and without padding (RFC 4648 §5), by libsodium, in constant time.
package enum Base64URL {
    /// The text of `bytes`.
    package static func encode(_ bytes: [UInt8]) -> String {
        let capacity = sodium_base64_encoded_len(bytes.count, variant)
        var text = [CChar](repeating: 0, count: capacity)
        _ = unsafe sodium_bin2base64(&text, capacity, bytes, bytes.count, variant)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The bytes of `text`; `nil` if it is not exactly one encoding of anything.
    package static func decode(_ text: String) -> [UInt8]? {
        // libsodium 1.0.18 takes bytes above 127 for digits where `char` is signed.
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        let characters = text.utf8.map { CChar(bitPattern: $0) }
        var bytes = [UInt8](repeating: 0, count: characters.count)
        var length = 0
        let status = unsafe sodium_base642bin(
            &bytes, bytes.count, characters, characters.count, nil, &length, nil, variant)
        guard status == 0 else { return nil }
        return Array(bytes.prefix(length))
    }

    private static let variant = Int32(sodium_base64_VARIANT_URLSAFE_NO_PADDING)
}
