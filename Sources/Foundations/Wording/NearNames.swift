/// The known names that somebody may have meant who wrote another one.
///
/// Case does not count, nor which of `-`, `_`, `.`, `/` and the space stands between words. A name is near if a few
/// letters were added, left out, changed or swapped, one in three and never more than three; or if one of the two
/// continues the other by whole words.
package struct NearNames: Hashable, Sendable {
    /// The nearest first, three at most.
    package let names: [String]

    package init(to written: String, among known: some Sequence<String>) {
        let word = Self.folded(written)
        let ranked = Set(known).subtracting([written]).compactMap { name in
            Self.rank(Self.folded(name), word).map { (rank: $0, name: name) }
        }
        names = ranked.sorted { ($0.rank, $0.name) < ($1.rank, $1.name) }.prefix(3).map(\.name)
    }

    /// `did you mean web, api or jobs?`, for the end of a message; `nil` where nothing is near.
    package var question: String? {
        guard let last = names.last else { return nil }
        let others = names.dropLast()
        return "did you mean " + (others.isEmpty ? last : "\(others.joined(separator: ", ")) or \(last)") + "?"
    }

    private static let longest = 128
    private static let hyphen: Unicode.Scalar = "-"

    private static func folded(_ text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.prefix(longest).map { scalar in
            switch scalar {
            case "_", ".", "/", " ": hyphen
            case "A"..."Z": Unicode.Scalar(UInt8(scalar.value + 32))
            default: scalar
            }
        }
    }

    private static func rank(_ name: [Unicode.Scalar], _ word: [Unicode.Scalar]) -> Int? {
        let limit = min(3, max(name.count, word.count) / 3)
        let distance = distance(name, word, upTo: limit)
        if let distance { return distance }
        let (short, long) = name.count < word.count ? (name, word) : (word, name)
        let continues = short.count >= 3 && long.starts(with: short + [hyphen])
        return continues ? limit + 1 : nil
    }

    /// The fewest letters to add, leave out, change or swap with their neighbour; `nil` if they are more than `limit`.
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar], upTo limit: Int) -> Int? {
        guard abs(left.count - right.count) <= limit else { return nil }
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var next = [row + 1]
            for column in right.indices {
                let isSame = left[row] == right[column]
                var cost = min(last[column] + (isSame ? 0 : 1), last[column + 1] + 1, next[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                next.append(cost)
            }
            (beforeLast, last) = (last, next)
        }
        return last[right.count] <= limit ? last[right.count] : nil
    }
}
