import FoundationEssentials
import Glibc
package import Secrets

/// A secret and the ways to write it that are searched for, made here without the help of `Redactor`.
package struct Sentinel: Sendable {
    package let name: String
    package let secret: Secret
    private let forms: [[UInt8]]

    package init(_ name: String, _ secret: Secret) {
        self.name = name
        self.secret = secret
        let text = secret.copyBytes()
        var forms = Self.forms(of: text)
        let digits = Array(text.dropFirst("sk-or-v1-".utf8.count))
        if text.starts(with: "sk-or-v1-".utf8), digits.count == 64 {
            forms +=
                Self.forms(of: digits)
                + Self.forms(of: Array(String(decoding: digits, as: UTF8.self).uppercased().utf8))
        }
        self.forms = forms
    }

    /// Whether the bytes hold the secret in any of the forms.
    package func isFound(_ bytes: [UInt8]) -> Bool { forms.contains { Self.holds(bytes, $0) } }

    private static func holds(_ bytes: [UInt8], _ form: [UInt8]) -> Bool {
        guard let first = form.first else { return false }
        return unsafe bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return false }
            var start = 0
            while bytes.count - start >= form.count {
                guard let hit = unsafe memchr(base + start, Int32(first), bytes.count - form.count - start + 1) else {
                    return false
                }
                if unsafe memcmp(hit, form, form.count) == 0 { return true }
                start = unsafe UnsafeRawPointer(hit) - base + 1
            }
            return false
        }
    }

    /// Parts of any form that are long enough not to stand there by chance.
    package func fragments(in bytes: [UInt8]) -> [String] {
        let length = 20
        var windows: Set<ArraySlice<UInt8>> = []
        for start in bytes.indices.dropLast(length - 1) { windows.insert(bytes[start..<(start + length)]) }
        return forms.flatMap { form in
            form.indices.dropLast(length - 1).lazy.map { form[$0..<($0 + length)] }.filter(windows.contains)
                .prefix(1).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    private static func forms(of text: [UInt8]) -> [[UInt8]] {
        let hexadecimal = text.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        var forms: [[UInt8]] = [
            text, text.reversed(),
            Array(hexadecimal.joined().utf8), Array(hexadecimal.joined().uppercased().utf8),
            Array(hexadecimal.map { "%\($0)" }.joined().utf8),
            Array(hexadecimal.map { "%\($0.uppercased())" }.joined().utf8),
            Array(hexadecimal.map { "\\u00\($0)" }.joined().utf8),
        ]
        for shift in 0..<3 {
            // The first and the last characters depend on the neighbours.
            let padded = Data([UInt8](repeating: 0, count: shift) + text).base64EncodedString().utf8
            let form = Array(padded.dropFirst(shift == 0 ? 0 : shift + 1).dropLast(4))
            forms.append(form)
            forms.append(
                form.map {
                    $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0
                })
        }
        return forms
    }
}
