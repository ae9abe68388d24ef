import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct ASCIITests {
    @Test("every byte is in the classes that its character is in")
    func classes() {
        func bytes(_ isMember: (UInt8) -> Bool) -> String {
            String(decoding: (UInt8.min...UInt8.max).filter(isMember), as: UTF8.self)
        }
        let digits = "0123456789"
        let upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        #expect(bytes(\.isASCIIDigit) == digits)
        #expect(bytes(\.isASCIIUppercase) == upper)
        #expect(bytes(\.isASCIILowercase) == upper.lowercased())
        #expect(bytes(\.isASCIILetter) == upper + upper.lowercased())
        #expect(bytes(\.isASCIIAlphanumeric) == digits + upper + upper.lowercased())
        #expect(bytes(\.isLowercaseHexDigit) == digits + "abcdef")
        #expect(bytes { $0.hexDigitValue != nil } == digits + "ABCDEF" + "abcdef")
        #expect(UInt8(ascii: "f").hexDigitValue == 15)
        #expect(UInt8(ascii: "F").hexDigitValue == 15)
    }
}
