/// The forms of some secrets, as the windows that `FormTracker` looks for.
struct SearchedForms: Sendable {
    /// Forms with fewer letters and digits would be found by chance in ordinary text.
    static let shortest = 8
    /// Shorter secrets are found in fewer encodings, or in none.
    private static let shortestInHexadecimal = 4
    private static let shortestInOthers = 8
    /// Longer ones are not looked for in encodings of encodings, of which there would be too many windows.
    private static let longestNested = 256

    /// The windows over letters and digits.
    let letters: FormTable
    /// The windows over all bytes, for secrets that have too few letters and digits.
    let bytes: FormTable
    /// The lengths of secrets that are shorter than a window of bytes.
    private(set) var shortLengths: [Int] = []
    /// The symbols of `sk-or-v1-`, which are fewer than a window has; `nil` if only known keys are looked for.
    private(set) var keyPrefix: UInt64?

    /// What of a secret must be seen: `run` consecutive ones of the bytes `core`.
    private struct Disclosure {
        var core: Range<Int>
        var run: Int
    }

    init(_ secrets: [Secret], andUnknownKeys: Bool) {
        // How many symbols all forms of a secret have for each of its bytes.
        letters = FormTable(capacity: secrets.reduce(0) { $0 + $1.count * ($1.count > Self.longestNested ? 56 : 216) })
        bytes = FormTable(capacity: 0)
        for secret in secrets where secret.count > 0 { insert(secret) }
        if andUnknownKeys { insertKeyPatterns() }
    }

    private mutating func insert(_ secret: Secret) {
        let text = RedactedForm(secret)
        let prefix = KeyPattern.prefix.utf8.count
        if text.isKey {
            let digits = Disclosure(core: prefix..<text.count, run: KeyPattern.run)
            insertAll(text, digits)
            let upper = text.mapped { 97...122 ~= $0 ? $0 & 0xDF : $0 }
            upper.withCommonEncodings { insert($0, digits) }
            upper.withRareEncodings { insert($0, digits) }
            // One more than the run, which then holds as many whole bytes wherever it begins.
            let pairs = Disclosure(core: digits.core, run: KeyPattern.run + 1)
            let number = text.number(from: prefix)
            number.withCommonEncodings { insert($0, pairs) }
            number.withRareEncodings { insert($0, pairs) }
        } else {
            let part = Disclosure(core: 0..<text.count, run: max(min(16, text.count), (text.count * 3 + 3) / 4))
            if !insertAll(text, part) {
                insertBytes(text)
                if text.count >= Self.shortestInOthers { insertBytes(text.reversed()) }
            } else if [0, text.count - 1].contains(where: { Symbol.number(text[$0].byte) == Symbol.none }) {
                // So that what is neither letter nor digit at either end goes with the rest.
                insertBytes(text)
            }
        }
    }

    /// Inserts the text and its encodings; whether the text itself has enough letters and digits.
    @discardableResult
    private func insertAll(_ text: borrowing RedactedForm, _ disclosure: Disclosure) -> Bool {
        let isLong = text.count >= Self.shortestInOthers
        if isLong {
            text.withCommonEncodings { form in
                insert(form, disclosure)
                if text.count <= Self.longestNested { form.withSecondEncodings { insert($0, disclosure) } }
            }
            text.withRareEncodings { insert($0, disclosure) }
        } else if text.count >= Self.shortestInHexadecimal {
            insert(text.written(in: .hexadecimal), disclosure)
        }
        return insert(text, disclosure)
    }

    @discardableResult
    private func insert(_ form: borrowing RedactedForm, _ disclosure: Disclosure) -> Bool {
        let text = form.symbols()
        guard let need = Self.need(text, disclosure) else { return false }
        let core = FormTable.Entry.core(need: need)
        var window = SymbolWindow.letters
        for index in 0..<text.count {
            window.append(UInt64(text[index].byte))
            guard index + 1 >= SymbolWindow.length else { continue }
            let first = min(text[index].origin.first, text[index + 1 - SymbolWindow.length].origin.first)
            letters.insert(window.value, first >= disclosure.core.lowerBound ? core : .edge)
        }
        return true
    }

    /// How many consecutive windows any run of the secret has at least; `nil` if all of it has too few symbols.
    private static func need(_ text: borrowing RedactedForm, _ disclosure: Disclosure) -> Int? {
        let core = disclosure.core
        var total = 0
        // How many symbols begin before, and end behind, each byte of the secret.
        var before = [Int](repeating: 0, count: core.upperBound + 1)
        var behind = before
        for index in 0..<text.count where text[index].origin.first >= core.lowerBound {
            total += 1
            before[Int(text[index].origin.first) + 1] += 1
            behind[Int(text[index].origin.end) - 1] += 1
        }
        guard total >= shortest else { return nil }
        for index in 0..<core.upperBound {
            before[index + 1] += before[index]
            behind[core.upperBound - 1 - index] += behind[core.upperBound - index]
        }
        let least = (core.lowerBound...core.upperBound - disclosure.run)
            .map { total - before[$0] - behind[$0 + disclosure.run] }.min()
        return max(least ?? total, shortest) + 1 - SymbolWindow.length
    }

    private mutating func insertBytes(_ text: borrowing RedactedForm) {
        var window = SymbolWindow.bytes
        let length = (0..<text.count).count { text[$0].byte != 0 }
        for index in 0..<text.count where text[index].byte != 0 {
            window.append(UInt64(text[index].byte))
            if window.count < length, let beginning = window.beginning { bytes.insert(beginning, .edge) }
            if window.isFull { bytes.insert(window.value, .core(need: length + 1 - SymbolWindow.length)) }
        }
        if let short = window.short {
            bytes.insert(short, .core(need: 1))
            if !shortLengths.contains(length) { shortLengths.append(length) }
        }
    }

    private mutating func insertKeyPatterns() {
        let prefix = RedactedForm(Secret(KeyPattern.prefix))
        for number in KeyPattern.encodings.indices {
            let encoding = KeyPattern.encodings[number]
            let form = encoding.alphabet.map { prefix.written(in: $0, after: encoding.skipped) } ?? prefix.mapped { $0 }
            let text = form.symbols()
            var window = SymbolWindow.letters
            defer { if !window.isFull { keyPrefix = window.value } }
            for index in 0..<text.count {
                window.append(UInt64(text[index].byte))
                if window.isFull { letters.insert(window.value, index + 1 == text.count ? .prefix(number) : .edge) }
            }
        }
    }
}
