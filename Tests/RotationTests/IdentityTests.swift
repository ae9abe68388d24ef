import Rotation
import Secrets
import Sodium
import TestSupport
import Testing

@Suite(.tags(.values)) struct IdentityTests {
    @Test("the text derives the public identity that an independent implementation derives")
    func pinned() throws {
        let identity = try Sample.identity()
        #expect(identity.publicIdentity.description == Sample.publicText)
        #expect(identity.text == Secret(Sample.identityText))
        #expect(PublicIdentity(Sample.publicText) == identity.publicIdentity)
    }

    @Test(
        "white space around an identity is no part of it",
        arguments: ["\(Sample.identityText)\n", "  \(Sample.identityText)\r\n\t", "\n\n\(Sample.identityText)"])
    func whiteSpace(text: String) throws {
        #expect(try Identity(Secret(text)).publicIdentity.description == Sample.publicText)
    }

    @Test(
        "a text that is no identity is refused by what is wrong with it",
        arguments: [
            ("", .form), ("secret", .form), ("ork-identity-2:AAEC", .form), ("ORK-IDENTITY-1:AAEC", .form),
            (Sample.publicText, .publicPart), (" \(Sample.publicText)\n", .publicPart), ("ork-public-1:", .publicPart),
            ("ork-identity-1:", .cut(15)), (String(Sample.identityText.dropLast()), .cut(62)),
            (Sample.identityText + "A", .tooLong(64)), (Sample.identityText + "=", .tooLong(64)),
            ("\"\(Sample.identityText)\"", .quoted), ("'\(Sample.identityText)'\n", .quoted),
            (Sample.identityText.replacing("AAEC", with: "AAED"), .checksum),
            (Sample.identityText.replacing("AAECAwQF", with: "AAEC AwQF"), .tooLong(64)),
            // Nothing but the checksum: of no bytes at all.
            ("ork-identity-1:6MTs7g", .cut(21)),
        ] as [(String, Identity.Mistake)])
    func mistakes(text: String, mistake: Identity.Mistake) {
        #expect(throws: mistake) { try Identity(Secret(text)) }
    }

    @Test("bytes that are no text are refused")
    func bytes() {
        #expect(throws: Identity.Mistake.form) { try Identity(Secret([0xFF, 0xFE])) }
    }

    @Test("every single letter typed wrongly is seen")
    func everyLetter() {
        let letters = Array(Sample.publicText)
        for index in letters.indices {
            var typed = letters
            typed[index] = typed[index] == "x" ? "y" : "x"
            #expect(PublicIdentity(String(typed)) == nil)
        }
        for count in 0..<letters.count { #expect(PublicIdentity(String(letters.prefix(count))) == nil) }
        #expect(PublicIdentity(Sample.publicText + "\n") == nil)
        #expect(PublicIdentity(Sample.identityText) == nil)
    }

    @Test("a new identity is another one each time, and its text is read again")
    func generated() throws {
        let (one, other) = (try Identity.generate(), try Identity.generate())
        #expect(one.publicIdentity != other.publicIdentity)
        #expect(try Identity(one.text).publicIdentity == one.publicIdentity)
    }

    @Test("an identity whose public part looks like a token is drawn again")
    func lookalike() throws {
        // Of the first one, the public part holds what begins like a token of a GitHub App.
        var seeds = [[0x3B, 0x5C, 0x01] + [UInt8](repeating: 0, count: 29), [UInt8](repeating: 7, count: 32)]
        let identity = try Identity.generate { Secret(seeds.removeFirst()) }
        #expect(seeds.isEmpty)
        #expect(SecretShape.first(in: Array(identity.publicIdentity.description.utf8)) == nil)
    }

    @Test("an identity does not print its seed")
    func silence() throws {
        var dumped = ""
        dump(try Sample.identity(), to: &dumped)
        #expect(!dumped.contains("AAECAwQF"))
        #expect(!dumped.contains("30634aa4"))
        #expect(dumped.contains(Sample.publicText))
    }

    @Test("a sealed secret opens for its recipient, and only as what the records name")
    func sealed() throws {
        let (mine, other) = (try Sample.identity(), try Identity.generate())
        let sealed = try SealedSecret(Sample.key, to: mine.publicIdentity)
        #expect(sealed.open(with: mine, expecting: Digest(of: Sample.key)) == Sample.key)
        #expect(sealed.open(with: other, expecting: Digest(of: Sample.key)) == nil)
        #expect(sealed.open(with: mine, expecting: Digest(of: Secret("another"))) == nil)
    }
}
