import FoundationEssentials
import JSON
import PublisherHosting
import Rotation
import TestSupport
import Testing

@Suite(.tags(.values)) struct NamesTests {
    @Test("an amount of money keeps its digits", arguments: ["0", "25", "12.50", "0.000001", "1000000"])
    func money(text: String) {
        #expect(Money(text)?.description == text)
        #expect(Money(text)?.number.text == text)
    }

    @Test(
        "anything else is no amount",
        arguments: [
            "", "-1", "+1", "1.", ".5", "01", "00", "1e3", "1,50", "1.2.3", " 1", "1 ", "٣", "１", "0x1", "$5", "NaN",
            "1234567890123456789012345678901",
        ])
    func noMoney(text: String) {
        #expect(Money(text) == nil)
    }

    @Test("the name of a rotation or target", arguments: ["a", "7", "checkout", "web/acme/web", "a.b_c-d/e", "Z9"])
    func planNames(text: String) {
        #expect(PlanName(text)?.description == text)
    }

    @Test(
        "anything else is no such name",
        arguments: [
            "", ".", "..", "/a", "-a", "_a", "a b", "a\n", "ä", "a\u{301}", "\u{212A}", "a:b", "a\\b", "٣", "a=b",
            String(repeating: "a", count: 101),
        ])
    func noPlanNames(text: String) {
        #expect(PlanName(text) == nil)
    }

    @Test("the name of an environment variable", arguments: ["A", "_", "_1", "GITHUB_TOKEN", "lower", "A9"])
    func environmentNames(text: String) {
        #expect(EnvironmentName(text)?.description == text)
    }

    @Test(
        "anything else is none",
        arguments: ["", "1A", "A-B", "A B", "A=B", "Ä", "A\0", "\u{212A}EY", "A\n", "$A"])
    func noEnvironmentNames(text: String) {
        #expect(EnvironmentName(text) == nil)
    }

    @Test("the id of a rotation is a ULID: later ids sort later, and no two are the same")
    func rotationIDs() throws {
        let moments = [0, 1, 1_795_403_045.25, 1_795_403_045.26, 4_102_444_800].map(Date.init(timeIntervalSince1970:))
        let ids = moments.map { RotationID(at: $0).description }
        #expect(ids == ids.sorted())
        #expect(ids[0].hasPrefix("0000000000"))
        // 1 in milliseconds is 1000, 31 * 32 + 8.
        #expect(ids[1].hasPrefix("00000000Z8"))
        for id in ids { #expect(RotationID(id)?.description == id) }
        let many = Set((0..<1000).map { _ in RotationID(at: moments[2]).description })
        #expect(many.count == 1000)
        #expect(Set(many.map { $0.prefix(10) }).count == 1)
    }

    @Test(
        "anything else is no such id",
        arguments: [
            "", "01JDB5T8WV0123456789ABCDE", "01JDB5T8WV0123456789ABCDEFG", "01jdb5t8wv0123456789abcdef",
            "01JDB5T8WV0123456789ABCDEI", "01JDB5T8WV0123456789ABCDEL", "01JDB5T8WV0123456789ABCDEO",
            "01JDB5T8WV0123456789ABCDEU", "01JDB5T8WV0123456789ABC/..",
            // A Kelvin sign, which Swift takes for the letter K, has three bytes.
            "01JDB5T8WV0123456789ABC\u{212A}",
        ])
    func noRotationIDs(text: String) {
        #expect(RotationID(text) == nil)
    }
}
