/// The marks that git leaves in a file whose changes it could not merge.
package enum MergeConflict {
    /// The line of the first mark, from 1; `nil` if there is none.
    package static func line(in bytes: [UInt8]) -> Int? {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        return lines.firstIndex { $0.starts(with: mark) }.map { $0 + 1 }
    }

    private static let mark = Array("<<<<<<< ".utf8)
}
