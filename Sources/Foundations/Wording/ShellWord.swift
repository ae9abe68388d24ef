/// One word of a command that people paste into a POSIX shell: quoted where the shell would read it as something else.
package struct ShellWord: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// The word that a shell reads as this text.
    package init(_ text: String) {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { Self.plain.contains($0) }
        description =
            isPlain
            ? text
            : "'"
                + text.split(separator: "'", omittingEmptySubsequences: false)
                .joined(separator: "'\\''") + "'"
    }

    private static let plain = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-".utf8)
}
