/// How Kubernetes lets things be called (apimachinery/pkg/util/validation).
enum KubernetesName {
    /// RFC 1123's label.
    static func isLabel(_ text: String) -> Bool { text.utf8.count <= 63 && isSubdomain(text) && !text.contains(".") }

    /// Labels with dots between them.
    static func isSubdomain(_ text: String) -> Bool {
        text.utf8.count <= 253
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty && !label.hasPrefix("-") && !label.hasSuffix("-")
                    && label.utf8.allSatisfy { isLowerOrDigit($0) || $0 == UInt8(ascii: "-") }
            }
    }

    /// The part of an annotation's name behind the slash.
    static func isAnnotation(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, text.utf8.count <= 63 else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && text.utf8.allSatisfy { isAlphanumeric($0) || "-_.".utf8.contains($0) }
    }

    static func isAlphanumeric(_ byte: UInt8) -> Bool { isLowerOrDigit(byte) || (65...90).contains(byte) }

    private static func isLowerOrDigit(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (48...57).contains(byte) }
}
