/// Follows one reading of a text, and finds runs of windows that are part of a searched form.
struct FormTracker: Sendable {
    /// So many bytes may stand between two symbols of a form.
    static let widestGap = 128
    /// At the end of a text, so many symbols of an unfinished form are taken for a secret that was cut off.
    private static let cutLength = 16

    private(set) var window: SymbolWindow
    /// The distances between the beginnings of the last symbols, eight bits each.
    private var steps: UInt64 = 0
    private var lastStart = 0
    private var lastEnd = 0
    private var run = Run()
    private var pattern: KeyPattern?

    private struct Run: Sendable {
        var start = 0
        var length = 0
        var core = 0
        var need = Int.max

        var isFound: Bool { core >= need }
    }

    init(_ window: SymbolWindow) { self.window = window }

    /// Whether nothing that is being followed depends on how the text before was read.
    func agrees(with other: FormTracker) -> Bool {
        run.length == 0 && other.run.length == 0 && pattern == nil && other.pattern == nil
            && window.value == other.window.value && steps == other.steps && lastStart == other.lastStart
    }

    /// Takes the next symbol.
    mutating func read(
        _ symbol: UInt64, _ next: LocatedByte, _ table: FormTable, _ found: inout [Range<Int>]
    ) {
        let step = next.start &- lastStart
        if next.start &- lastEnd > Self.widestGap || step > 0xFF {
            window.removeAll()
            run.length = 0
            pattern = nil
        }
        steps = steps << 8 | UInt64(truncatingIfNeeded: step)
        window.append(symbol)
        if pattern != nil { follow(next, &found) }
        lastStart = next.start
        lastEnd = next.end
        let entry = table.entry(window.value)
        if entry.bits == 0 { run.length = 0 } else { extend(entry, next.end, &found) }
    }

    private mutating func extend(_ entry: FormTable.Entry, _ end: Int, _ found: inout [Range<Int>]) {
        if run.length == 0 { run = Run(start: start(of: SymbolWindow.length)) }
        run.length += 1
        if entry.isCore {
            run.core += 1
            run.need = min(run.need, entry.need)
        }
        if run.isFound { found.join(run.start..<end) }
        if let number = entry.pattern { pattern = KeyPattern(number, run.start..<end) }
    }

    private mutating func follow(_ next: LocatedByte, _ found: inout [Range<Int>]) {
        if pattern?.read(next) != true { pattern = nil }
        if let pattern, pattern.isFound { found.join(pattern.start..<pattern.end) }
    }

    /// Short secrets that end with the last byte.
    func findShort(_ lengths: [Int], _ table: FormTable, _ found: inout [Range<Int>]) {
        for length in lengths where window.count >= length {
            guard let short = window.suffix(length).short, table.entry(short).isCore else { continue }
            found.join(start(of: length)..<lastEnd)
        }
    }

    /// A key's prefix that ends with the last symbol.
    mutating func findKeyPrefix(_ prefix: UInt64) {
        if window.suffix(KeyPattern.prefixSymbols).value == prefix {
            pattern = KeyPattern(0, start(of: KeyPattern.prefixSymbols)..<lastEnd)
        }
    }

    /// Where the last `count` symbols begin.
    private func start(of count: Int) -> Int {
        (0..<count - 1).reduce(lastStart) { $0 - Int(steps >> UInt64($1 * 8) & 0xFF) }
    }
}

extension FormTracker {
    /// Where the part begins that may belong to a form which goes on behind `end`, where the text ends by now.
    ///
    /// After white space less than a window is no such part: a line of a log need not wait for the next one.
    func settled(at end: Int, afterSpace: Bool, _ table: FormTable) -> Int {
        guard end - lastEnd <= Self.widestGap else { return end }
        let behindFound = afterSpace ? end : lastEnd
        var settled = end
        if run.length > 0 { settled = run.isFound ? behindFound : run.start }
        if let pattern { settled = min(settled, pattern.isFound ? behindFound : pattern.start) }
        let count = window.isOfLetters ? (afterSpace ? 0 : window.count) : beginning(in: table)
        return count > 0 ? min(settled, start(of: min(count, SymbolWindow.length - 1))) : settled
    }

    /// How many of the last bytes a form begins with.
    private func beginning(in table: FormTable) -> Int {
        let counts = 1..<max(1, min(window.count + 1, SymbolWindow.length))
        return counts.last { count in
            window.suffix(count).beginning.map { table.entry($0).bits != 0 } ?? false
        } ?? 0
    }

    /// What the end of the text cuts off, if it is long enough.
    func cutOff(at end: Int) -> Range<Int>? {
        let isLong = run.length + SymbolWindow.length > Self.cutLength && run.core > 0
        return isLong && end - lastEnd <= Self.widestGap ? run.start..<lastEnd : nil
    }
}

extension [Range<Int>] {
    /// Adds a range, as a part of the last one if they touch.
    mutating func join(_ range: Range<Int>) {
        if let last, range.lowerBound <= last.upperBound, range.upperBound >= last.lowerBound {
            let joined = Swift.min(last.lowerBound, range.lowerBound)..<Swift.max(last.upperBound, range.upperBound)
            self[count - 1] = joined
        } else {
            append(range)
        }
    }
}
