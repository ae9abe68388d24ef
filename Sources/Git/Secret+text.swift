import Glibc
import Secrets

extension Secret {
    /// Lends a copy that ends with a NUL, and wipes it; the copies that libgit2 makes are out of reach.
    func withText(_ body: (UnsafePointer<CChar>) -> Int32) -> Int32 {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: count + 1, alignment: 1)
        defer {
            if let base = copy.baseAddress { unsafe explicit_bzero(base, copy.count) }
            unsafe copy.deallocate()
        }
        withBytes { span in unsafe span.withUnsafeBytes { unsafe copy.copyMemory(from: $0) } }
        unsafe copy[count] = 0
        guard let text = unsafe copy.assumingMemoryBound(to: CChar.self).baseAddress else { return -1 }
        return unsafe body(text)
    }
}
