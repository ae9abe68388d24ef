/// Reads a text as it is and with escapes decoded once and twice, and finds in each reading what must not be seen.
struct SecretSearch: Sendable {
    private let forms: SearchedForms
    private var readings: (plain: Reading, once: Reading, twice: Reading)
    private var decoders = (first: EscapeDecoder(), second: EscapeDecoder())
    /// The bytes that numbers in the plain text stand for.
    private var numbers = (decimal: Reading(), octal: Reading(), other: Reading())
    private var number = NumberReader()
    /// Whether all readings agree, as they do some symbols after the last escape: only the plain one goes on then.
    private var isPlain = true
    private var position = 0
    private var endsWithSpace = true
    /// What was found, in no order.
    private(set) var found: [Range<Int>] = []

    /// One way to read the text.
    private struct Reading: Sendable {
        var letters = FormTracker(.letters)
        var bytes = FormTracker(.bytes)

        mutating func read(_ next: LocatedByte, _ forms: SearchedForms, _ found: inout [Range<Int>]) {
            let symbol = Symbol.number(next.byte)
            if symbol != Symbol.none {
                letters.read(UInt64(symbol), next, forms.letters, &found)
                if let prefix = forms.keyPrefix { letters.findKeyPrefix(prefix) }
            }
            guard !forms.bytes.isEmpty, next.byte != 0 else { return }
            bytes.read(UInt64(next.byte), next, forms.bytes, &found)
            bytes.findShort(forms.shortLengths, forms.bytes, &found)
        }

        func agrees(with other: Reading) -> Bool {
            letters.agrees(with: other.letters) && bytes.agrees(with: other.bytes)
        }

        func settled(at end: Int, afterSpace: Bool, _ forms: SearchedForms) -> Int {
            min(
                letters.settled(at: end, afterSpace: afterSpace, forms.letters),
                bytes.settled(at: end, afterSpace: afterSpace, forms.bytes))
        }
    }

    init(_ forms: SearchedForms) {
        self.forms = forms
        readings = (Reading(), Reading(), Reading())
    }

    /// Takes the next bytes of the text.
    mutating func read(_ bytes: [UInt8]) {
        for byte in bytes {
            let next = LocatedByte(byte: byte, start: position, end: position + 1)
            position += 1
            if isPlain && EscapeDecoder.isIntroducer(byte) {
                readings.once = readings.plain
                readings.twice = readings.plain
                isPlain = false
            }
            readings.plain.read(next, forms, &found)
            if number.read(next) { readNumber() }
            if !isPlain { decode(next) }
        }
        if let last = bytes.last { endsWithSpace = last == 32 || (9...13).contains(last) }
    }

    private mutating func decode(_ next: LocatedByte) {
        if decoders.first.passes(next.byte) {
            decodeAgain(next)
        } else {
            for next in decoders.first.read(next) { decodeAgain(next) }
        }
        isPlain =
            decoders.first.isIdle && decoders.second.isIdle
            && readings.plain.agrees(with: readings.once) && readings.plain.agrees(with: readings.twice)
    }

    private mutating func readNumber() {
        if let byte = number.decimal { numbers.decimal.read(number.located(byte), forms, &found) }
        if let byte = number.octal { numbers.octal.read(number.located(byte), forms, &found) }
        if let byte = number.other { numbers.other.read(number.located(byte), forms, &found) }
    }

    private mutating func decodeAgain(_ next: LocatedByte) {
        readings.once.read(next, forms, &found)
        if decoders.second.passes(next.byte) {
            readings.twice.read(next, forms, &found)
        } else {
            for next in decoders.second.read(next) { readings.twice.read(next, forms, &found) }
        }
    }

    /// The text ends here: nothing more is held back, and what the end cuts off counts as found.
    mutating func finish(findingCutOff: Bool) {
        for next in decoders.first.finish() { decodeAgain(next) }
        for next in decoders.second.finish() { readings.twice.read(next, forms, &found) }
        if number.finish() { readNumber() }
        guard findingCutOff else { return }
        for reading in [readings.plain, readings.once, readings.twice, numbers.decimal, numbers.octal, numbers.other] {
            for tracker in [reading.letters, reading.bytes] {
                if let range = tracker.cutOff(at: position) { found.join(range) }
            }
        }
    }

    /// Where that begins which may belong to a form that goes on behind the bytes by now.
    var settled: Int {
        var settled = readings.plain.settled(at: position, afterSpace: endsWithSpace, forms)
        if !isPlain {
            for reading in [readings.once, readings.twice] {
                settled = min(settled, reading.settled(at: position, afterSpace: endsWithSpace, forms))
            }
        }
        for reading in [numbers.decimal, numbers.octal, numbers.other] {
            settled = min(settled, reading.settled(at: position, afterSpace: endsWithSpace, forms))
        }
        return min(
            settled, number.start ?? settled, decoders.first.heldStart ?? settled, decoders.second.heldStart ?? settled)
    }

    /// Takes what was found that begins before `limit`, in order; what goes on behind it is found again.
    mutating func takeFound(before limit: Int) -> [Range<Int>] {
        let taken = found.filter { $0.lowerBound < limit }.map { $0.clamped(to: 0..<limit) }
        found = found.compactMap { $0.upperBound > limit ? max($0.lowerBound, limit)..<$0.upperBound : nil }
        return taken.sorted { $0.lowerBound < $1.lowerBound }
    }
}
