/// Classes of ASCII characters, by their bytes. No byte of a longer UTF-8 sequence belongs to any of them.
extension UInt8 {
    /// `0` to `9`.
    package var isASCIIDigit: Bool { (0x30...0x39).contains(self) }

    /// `a` to `z`.
    package var isASCIILowercase: Bool { (0x61...0x7A).contains(self) }

    /// `A` to `Z`.
    package var isASCIIUppercase: Bool { (0x41...0x5A).contains(self) }

    /// A letter of either case.
    package var isASCIILetter: Bool { isASCIILowercase || isASCIIUppercase }

    /// A letter or a digit.
    package var isASCIIAlphanumeric: Bool { isASCIILetter || isASCIIDigit }

    /// `0` to `9` and `a` to `f`.
    package var isLowercaseHexDigit: Bool { isASCIIDigit || (0x61...0x66).contains(self) }

    /// What a hexadecimal digit of either case stands for.
    package var hexDigitValue: Int? {
        switch self {
        case 0x30...0x39: Int(self) - 0x30
        case 0x41...0x46: Int(self) - 0x37
        case 0x61...0x66: Int(self) - 0x57
        default: nil
        }
    }
}
