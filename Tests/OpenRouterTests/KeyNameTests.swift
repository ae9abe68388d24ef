import FoundationEssentials
import OpenRouter
import TestSupport
import Testing
import Timestamps

@Suite(.tags(.values)) struct KeyNameTests {
    static let id = "01JDB0000000000000000000AZ"
    private static let moment = "2026-11-23T03:04:05Z"

    /// Base, whether there is a rotation, whether it is minting, whether it was disabled.
    static let forms: [(String, String, Bool, Bool, Bool)] = [
        ("checkout-prod", "checkout-prod", false, false, false),
        ("checkout prod 2026-11-23 ork:\(id)", "checkout prod", true, false, false),
        ("checkout 2026-11-23 ork:\(id) minting", "checkout", true, true, false),
        ("checkout 2026-11-23 ork:\(id) disabled:\(moment)", "checkout", true, false, true),
        ("checkout 2026-11-23 ork:\(id) minting disabled:\(moment)", "checkout", true, true, true),
        ("checkout disabled:\(moment)", "checkout", false, false, true),
        ("Käse 🧀 2024-02-29 ork:\(id)", "Käse 🧀", true, false, false),
        ("a 2026-11-23 ork:\(id) 2026-11-24 ork:\(id)", "a 2026-11-23 ork:\(id)", true, false, false),
    ]

    @Test("what ork writes is read back", arguments: forms)
    func reading(text: String, base: String, hasRotation: Bool, isMinting: Bool, isDisabled: Bool) {
        let name = KeyName(parsing: text)
        #expect(name.base == base)
        #expect((name.rotation?.id == Self.id) == hasRotation)
        #expect(name.isMinting == isMinting)
        #expect(name.disabledAt == (isDisabled ? Date(rfc3339: Self.moment) : nil))
        #expect(name.description == text)
        #expect(
            KeyName(base: base, rotation: name.rotation, isMinting: isMinting, disabledAt: name.disabledAt) == name)
    }

    @Test(
        "what does not fit is part of the base",
        arguments: [
            "", " ", "minting", "checkout minting", " minting", "checkout 2026-11-23", "checkout ork:\(id)",
            "checkout 2026-11-23  ork:\(id)", "checkout 2026-02-30 ork:\(id)", "checkout 2026-11-23 ork:\(id) ",
            "checkout 2026-11-23 ork:\(id.lowercased())", "checkout 2026-11-23 ork:\(id)0",
            "checkout 2026-11-23 ork:\(id.dropLast())I", "checkout 2026-11-23 ork:\(id) Minting",
            "checkout 2026-11-23 ork:\(id)  minting", "checkout 26-11-0023 ork:\(id)", " 2026-11-23 ork:\(id)",
            "2026-11-23 ork:\(id)", "checkout disabled:2026-11-23", "checkout disabled:2026-11-23T03:04:65Z",
            "checkout disabled:2026-11-23T03:04:05z", "checkoutdisabled:\(moment)", "checkout disabled:\(moment)\n",
            "checkout 2026-11-23 ork:\(id) minting minting x",
            "checkout 2026-11-23 ork:01JDB0000000000000000000A\u{212A}",
        ])
    func otherNames(text: String) {
        let name = KeyName(parsing: text)
        #expect(name == KeyName(base: text))
        #expect(name.description.utf8.elementsEqual(text.utf8))
    }

    @Test func everyStringIsReadAndWrittenBack() {
        let pieces = [
            " ", "minting", "disabled:", "ork:", Self.id, "2026-11-23", Self.moment, "checkout", "é", "e\u{301}", "\n",
            "\0", "🧀", "\u{212A}", "\r\n", "\u{301}", " minting", " disabled:\(Self.moment)",
            " 2026-11-23 ork:\(Self.id)",
        ]
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<5000 {
            let count = Int.random(in: 0...7, using: &generator)
            let text = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            let name = KeyName(parsing: text)
            #expect(name.description.utf8.elementsEqual(text.utf8), "\(text.debugDescription)")
            #expect(KeyName(parsing: name.description) == name)
        }
    }

    @Test func aKeyIsActivatedAndDisabled() throws {
        let rotation = try #require(KeyName.Rotation(date: "2026-11-23", id: Self.id))
        let minted = KeyName(base: "checkout", rotation: rotation, isMinting: true)
        #expect(minted.description == "checkout 2026-11-23 ork:\(Self.id) minting")
        let active = minted.activated()
        #expect(active.description == "checkout 2026-11-23 ork:\(Self.id)")
        let disabled = active.with(disabledAt: Date(rfc3339: Self.moment)?.addingTimeInterval(0.9))
        #expect(disabled.description == "checkout 2026-11-23 ork:\(Self.id) disabled:\(Self.moment)")
        #expect(KeyName(parsing: disabled.description) == disabled)
        #expect(disabled.with(disabledAt: nil) == active)
    }

    @Test func onlyKeysOfARotationAreMinting() {
        #expect(!KeyName(base: "checkout", isMinting: true).isMinting)
    }

    @Test(
        "a rotation has a day and an id",
        arguments: [("2026-11-31", id), ("2026-1-1", id), ("", id), ("2026-11-23", ""), ("2026-11-23", "ork")])
    func oddRotations(date: String, id: String) {
        #expect(KeyName.Rotation(date: date, id: id) == nil)
    }
}
