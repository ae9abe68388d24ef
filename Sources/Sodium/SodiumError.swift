/// Why a cryptographic operation was refused.
package enum SodiumError: String, Error, Sendable {
    /// The box was made for another key, or was altered.
    case cannotOpen = "the sealed box does not open with this identity"
    /// A key, box or signature of the wrong length.
    case length = "a key of the wrong length"
    /// libsodium could not start.
    case unavailable = "libsodium does not start on this machine"
}
