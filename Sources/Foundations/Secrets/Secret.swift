import Glibc

/// Bytes that must not be seen: wiped when the last copy goes, printed as `<redacted>`, not `Codable`.
///
/// Copies inside `String`, libcurl and the kernel's pipe buffers are out of its reach.
public struct Secret: Sendable {
    private let storage: Storage

    /// Copies `bytes`; wiping the original is the caller's business.
    public init(_ bytes: some Collection<UInt8>) {
        storage = Storage(bytes)
    }

    /// Takes the UTF-8 form of `string`.
    public init(_ string: String) {
        self.init(string.utf8)
    }

    /// The number of bytes.
    public var count: Int { unsafe storage.buffer.count }

    /// Lends the bytes for the length of `body`.
    public func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(unsafe UnsafeRawBufferPointer(storage.buffer).bytes)
    }

    /// The bytes as an array, which nobody wipes.
    public func copyBytes() -> [UInt8] {
        withBytes { span in unsafe span.withUnsafeBytes { unsafe Array($0) } }
    }

    /// The text, if the bytes are UTF-8; nobody wipes it.
    public func revealed() -> String? {
        String(validating: copyBytes(), as: UTF8.self)
    }

    /// Without the one line end that programs and people put behind a text.
    package var withoutLineEnd: Secret {
        withBytes { span in
            unsafe span.withUnsafeBytes { bytes in
                var rest = unsafe bytes[...]
                if unsafe rest.last == UInt8(ascii: "\n") {
                    unsafe rest.removeLast()
                    if unsafe rest.last == UInt8(ascii: "\r") { unsafe rest.removeLast() }
                }
                return unsafe Secret(rest)
            }
        }
    }
}

extension Secret: Equatable {
    /// Compares in a time that depends on the lengths only.
    public static func == (left: Self, right: Self) -> Bool {
        guard left.count == right.count else { return false }
        return left.withBytes { a in
            right.withBytes { b in
                var difference: UInt8 = 0
                for index in 0..<a.byteCount {
                    unsafe difference |=
                        a.unsafeLoad(fromByteOffset: index, as: UInt8.self)
                        ^ b.unsafeLoad(fromByteOffset: index, as: UInt8.self)
                }
                return difference == 0
            }
        }
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `<redacted>`, whatever the secret is.
    public var description: String { "<redacted>" }
    /// `<redacted>`, whatever the secret is.
    public var debugDescription: String { "<redacted>" }
    /// A mirror without children, so that `dump` shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Secret {
    // The buffer is written in `init` and in `deinit` only, so sharing it between threads is safe.
    @safe
    private final class Storage: @unchecked Sendable {
        let buffer: UnsafeMutableRawBufferPointer

        init(_ bytes: some Collection<UInt8>) {
            unsafe buffer = .allocate(byteCount: bytes.count, alignment: 1)
            unsafe buffer.copyBytes(from: bytes)
        }

        deinit {
            if let base = unsafe buffer.baseAddress { unsafe explicit_bzero(base, buffer.count) }
            unsafe buffer.deallocate()
        }
    }
}
