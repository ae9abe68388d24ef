/// Cuts bytes into lines; what has no LF is no line.
struct LineBuffer {
    private var rest: [UInt8] = []
    private let limit: Int

    /// `limit` is the greatest length of a line in bytes.
    init(limit: Int) { self.limit = limit }

    /// Whether a line is longer than allowed. Nothing is read from then on.
    private(set) var isTooLong = false
    /// Whether there are bytes after the last LF.
    var hasRest: Bool { !rest.isEmpty }

    /// The lines that `bytes` complete, without their LF.
    mutating func lines(adding bytes: ArraySlice<UInt8>) -> [[UInt8]] {
        guard !isTooLong else { return [] }
        var parts = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let last = parts.removeLast()
        var lines: [[UInt8]] = []
        for part in parts {
            lines.append(rest + part)
            rest = []
        }
        rest += last
        isTooLong = rest.count > limit || lines.contains { $0.count > limit }
        return lines.filter { $0.count <= limit }
    }
}
