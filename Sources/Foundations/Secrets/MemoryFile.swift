import CLinux
import Glibc

/// A secret in a file that is only in memory, for programs that want to open one (memfd_create(2)).
///
/// Its mode is 0600: ssh-keygen takes no key that others could read.
package final class MemoryFile: Sendable {
    /// Closed with the last reference, and in programs that are started.
    package let descriptor: Int32

    /// `nil` if the system has no memory for it.
    package init?(_ secret: Secret) {
        descriptor = ork_linux_memory_file()
        guard descriptor >= 0, fchmod(descriptor, 0o600) == 0 else { return nil }
        var written = 0
        while written < secret.count {
            let count = secret.withBytes { span in
                unsafe span.withUnsafeBytes { all in
                    let rest = unsafe UnsafeRawBufferPointer(rebasing: all[written...])
                    return unsafe write(descriptor, rest.baseAddress, rest.count)
                }
            }
            guard count > 0 else { return nil }
            written += count
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
