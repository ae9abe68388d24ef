package import SystemPackage

extension FileDescriptor {
    /// All that is left in an open file, read in pieces of so many bytes. Throws an `Errno`.
    package func readToEnd(pieces size: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: size)
        while true {
            let count = try unsafe piece.withUnsafeMutableBytes { try unsafe read(into: $0) }
            guard count > 0 else { return bytes }
            bytes += piece[..<count]
        }
    }
}
