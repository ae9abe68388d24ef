import TestSupport
import Testing
import Timestamps

@Suite(.tags(.values)) struct IntervalTests {
    @Test(
        "a length of time is read and written",
        arguments: [
            ("0s", 0, "0s"), ("90s", 90, "1m30s"), ("30m", 1800, "30m"), ("24h", 86400, "1d"), ("7d", 604800, "7d"),
            ("1h30m", 5400, "1h30m"), ("1d1s", 86401, "1d1s"), ("007s", 7, "7s"),
        ])
    func readAndWritten(text: String, seconds: Int, written: String) throws {
        let interval = try #require(Interval(text))
        #expect(interval.seconds == seconds)
        #expect(interval.description == written)
        #expect(Interval(written) == interval)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "90", "s", "1", "-1s", "1.5h", "1 h", "1w", "1H", "h1", "1h30", "99999999999999999999s", "36601d",
            "36600d1s", "٣s", "²s",
        ])
    func refused(text: String) {
        #expect(Interval(text) == nil)
    }

    @Test("intervals are ordered, and never negative")
    func order() {
        #expect(Interval(seconds: 1) < Interval(seconds: 2))
        #expect(Interval(seconds: -1) == .zero)
    }
}
