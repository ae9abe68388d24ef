import SystemPackage

/// Standard input, line by line. What the end of input cuts off is not a request.
struct LineInput {
    private var rest: [UInt8] = []

    /// The next line without its LF.
    mutating func next() -> [UInt8]? {
        while true {
            if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                defer { rest.removeSubrange(...end) }
                return Array(rest[..<end])
            }
            var chunk = [UInt8](repeating: 0, count: 65536)
            let count =
                (try? unsafe chunk.withUnsafeMutableBytes { try unsafe FileDescriptor.standardInput.read(into: $0) })
                ?? 0
            guard count > 0 else { return nil }
            rest += chunk[..<count]
        }
    }
}
