package import Secrets
import Sodium

/// A key's plaintext, looked at once: nothing in it that would break a header, a file or a line.
package struct APIKey: Sendable {
    package let secret: Secret
    /// Our own digest; OpenRouter documents its `hash` to be the same.
    package let digest: Digest
    /// Whether it has OpenRouter's usual form: `sk-or-v1-` and 64 lowercase hexadecimal digits. Others deserve a
    /// warning, no more.
    package let looksUsual: Bool

    /// Refuses an empty key, and one with anything but printable ASCII; a line end left over from a file is the
    /// usual cause.
    package init(_ secret: Secret) throws(OpenRouterError) {
        let (isPrintable, looksUsual) = secret.withBytes { span in
            unsafe span.withUnsafeBytes { bytes in
                let prefix = "sk-or-v1-".utf8
                let digits = unsafe bytes.dropFirst(prefix.count)
                return unsafe (
                    bytes.allSatisfy { (0x21...0x7E).contains($0) },
                    bytes.starts(with: prefix) && digits.count == 64
                        && digits.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
                )
            }
        }
        guard secret.count > 0 else { throw .keyForm("is empty") }
        guard isPrintable else { throw .keyForm("holds a space, a line end or a character that is not ASCII") }
        self.secret = secret
        self.digest = Digest(of: secret)
        self.looksUsual = looksUsual
    }
}
