import Glibc

/// Where a publisher's lines for people go: the host passes them on.
public enum StandardError {
    /// Writes one line. A closed stream is no reason to stop.
    public static func tell(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
