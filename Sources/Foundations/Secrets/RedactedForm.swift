import Glibc

/// A text made from a secret, each byte with the part of the secret that went into it; wiped when it goes.
@safe struct RedactedForm: ~Copyable {
    struct Letter {
        var byte: UInt8
        /// The bytes of the secret that the byte tells something of.
        var origin: (first: Int32, end: Int32)
    }

    private let letters: UnsafeMutableBufferPointer<Letter>
    private(set) var count = 0

    /// An empty text with room for so many bytes.
    init(capacity: Int) { unsafe letters = .allocate(capacity: capacity) }

    init(_ secret: Secret) {
        self.init(capacity: secret.count)
        secret.withBytes { span in
            for index in 0..<span.byteCount {
                let byte = unsafe span.unsafeLoad(fromByteOffset: index, as: UInt8.self)
                append(Letter(byte: byte, origin: (Int32(index), Int32(index + 1))))
            }
        }
    }

    deinit {
        if let base = unsafe letters.baseAddress {
            unsafe explicit_bzero(base, letters.count * MemoryLayout<Letter>.stride)
        }
        unsafe letters.deallocate()
    }

    subscript(index: Int) -> Letter { unsafe letters[index] }

    mutating func append(_ letter: Letter) {
        unsafe letters.initializeElement(at: count, to: letter)
        count += 1
    }

    func contains(where isWanted: (UInt8) -> Bool) -> Bool {
        (0..<count).contains { isWanted(self[$0].byte) }
    }
}

extension RedactedForm {
    /// Whether it is a key of OpenRouter.
    var isKey: Bool {
        let prefix = Array(KeyPattern.prefix.utf8)
        return count == prefix.count + KeyPattern.digits
            && (0..<count).allSatisfy {
                $0 < prefix.count ? self[$0].byte == prefix[$0] : self[$0].byte.hexDigitValue != nil
            }
    }

    /// The bytes that hexadecimal digits stand for.
    borrowing func number(from start: Int) -> RedactedForm {
        var form = RedactedForm(capacity: (count - start) / 2)
        for index in stride(from: start, to: count - 1, by: 2) {
            let (high, low) = (self[index], self[index + 1])
            let byte = Self.value(high.byte) << 4 | Self.value(low.byte)
            form.append(Letter(byte: byte, origin: (high.origin.first, low.origin.end)))
        }
        return form
    }

    /// The letters and digits, each as the number of its symbol.
    borrowing func symbols() -> RedactedForm {
        var form = RedactedForm(capacity: count)
        for index in 0..<count {
            let symbol = Symbol.number(self[index].byte)
            if symbol != Symbol.none { form.append(Letter(byte: symbol, origin: self[index].origin)) }
        }
        return form
    }

    private static func value(_ digit: UInt8) -> UInt8 { (digit & 0x0F) + (digit > 64 ? 9 : 0) }
}
