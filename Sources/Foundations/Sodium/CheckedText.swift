/// A prefix, base64url, and inside it four bytes of checksum, so that a cut or mistyped text is seen at once.
package enum CheckedText {
    /// The text of `bytes` behind `prefix`.
    package static func encode(_ bytes: [UInt8], prefix: String) -> String {
        prefix + Base64URL.encode(bytes + checksum(bytes, prefix))
    }

    /// The bytes of `text`; `nil` if it has another prefix, is damaged, or is longer than 200 characters.
    package static func decode(_ text: String, prefix: String) -> [UInt8]? {
        guard text.hasPrefix(prefix), text.utf8.count <= 200,
            let all = Base64URL.decode(String(text.dropFirst(prefix.count))), all.count > 4
        else { return nil }
        let bytes = Array(all.dropLast(4))
        return checksum(bytes, prefix) == Array(all.suffix(4)) ? bytes : nil
    }

    private static func checksum(_ bytes: [UInt8], _ prefix: String) -> [UInt8] {
        Array(SHA256.hash(Array(prefix.utf8) + bytes).prefix(4))
    }
}
