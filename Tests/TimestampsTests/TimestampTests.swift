import FoundationEssentials
import TestSupport
import Testing
import Timestamps

@Suite(.tags(.values)) struct TimestampTests {
    @Test(
        "a moment is read, with and without fractions and offsets",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-23T03:04:05Z", 1_795_403_045),
            ("2026-11-23T04:04:05+01:00", 1_795_403_045), ("2026-11-23T03:04:05.250Z", 1_795_403_045.25),
        ])
    func read(text: String, seconds: Double) {
        #expect(Date(rfc3339: text)?.timeIntervalSince1970 == seconds)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "tomorrow", "2026-11-23", "2026-11-23T03:04:05", "2026-13-01T00:00:00Z", "2026-11-23 03:04:05Z x",
        ])
    func refused(text: String) {
        #expect(Date(rfc3339: text) == nil)
    }

    @Test("a moment is written in UTC to the second")
    func written() {
        #expect(Date(timeIntervalSince1970: 1_795_403_045.9).rfc3339 == "2026-11-23T03:04:05Z")
    }
}
