import FoundationEssentials
import HTTP
import PublisherKit
import TestSupport
import Testing

/// What a client does when it is told that it asked too much.
@Suite(.tags(.values)) struct PauseTests {
    @Test("it comes back when the service says, without counting that as a try")
    func retryAfter() throws {
        let bench = try Bench(
            [ScriptedTransport.Answer](repeating: .answer(429, "{}", ["retry-after": "7"]), count: 9)
                + [.answer(200)])
        #expect(try bench.send(Bench.read).status == 200)
        #expect(bench.clock.seconds == 63)
    }

    @Test("without a word about the time it waits a minute, then two")
    func silent() throws {
        let bench = try Bench([.answer(429), .answer(429), .answer(200)])
        #expect(try bench.send(Bench.read).status == 200)
        #expect(bench.clock.seconds == 180)
        #expect(
            bench.notices.lines == [
                "Plain wants no requests until 2027-01-15T08:01:00Z",
                "Plain wants no requests until 2027-01-15T08:03:00Z",
            ])
    }

    @Test("what was refused for its number was not done, also where it is not idempotent")
    func posts() throws {
        let bench = try Bench([.answer(429, "{}", ["retry-after": "1"]), .answer(201)])
        #expect(try bench.send(Bench.make).status == 201)
    }

    @Test("a wait beyond the deadline is not begun; the answer says how long")
    func beyond() throws {
        let bench = try Bench([.answer(429, "{}", ["retry-after": "100"])])
        let error = try #require(#expect(throws: ServiceError.self) { try bench.send(Bench.write, within: 60) })
        #expect(error.error.code == .rateLimited)
        #expect(error.error.retryAfter == 100)
        #expect(error.error.message == "Plain allows no more requests for 100 s")
        #expect(!error.mayHaveTakenEffect)
        #expect(bench.clock.seconds == 0)
        // Nobody else asks meanwhile.
        let second = #expect(throws: ServiceError.self) { try bench.send(Bench.read, within: 50) }
        #expect(second?.error.code == .rateLimited)
        #expect(bench.transport.requests.count == 1)
    }

    @Test("a write whose answer was lost before the limit came stays in doubt")
    func doubt() throws {
        let bench = try Bench([.lost, .answer(429, "{}", ["retry-after": "100"])])
        let error = #expect(throws: ServiceError.self) { try bench.send(Bench.write, within: 60) }
        #expect(error?.error.code == .rateLimited)
        #expect(error?.mayHaveTakenEffect == true)
    }

    @Test(
        "a pause is as long as the service says, by its own clock, within a second and a day",
        arguments: [
            (["retry-after": "7", "reset": "1800000900"], 7), (["retry-after": "0"], 1),
            (["reset": "1800000090"], 90), (["reset": "1800000000"], 1), (["reset": "1700000000"], 1),
            (["reset": "99999999999999"], 86400), (["reset": "soon"], 240), ([:], 240),
        ] as [([String: String], Int)])
    func lengths(headers: [String: String], seconds: Int) {
        let date = Date(timeIntervalSince1970: 1_800_000_000)
        let response = HTTPResponse(status: 429, headers: headers.map { (name: $0, value: $1) }, date: date)
        // Our own clock is an hour late.
        let now = date.addingTimeInterval(-3600)
        #expect(PlainService().pause(response, number: 3, reset: "reset", now: now) == .seconds(seconds))
    }

    @Test("a number of seconds of any length is some time", arguments: ["99999999999999999999", "2147483648"])
    func endless(seconds: String) throws {
        let bench = try Bench([.answer(429, "{}", ["retry-after": seconds])])
        let error = #expect(throws: ServiceError.self) { try bench.send(Bench.read) }
        #expect(error?.error.retryAfter == Int(Int32.max))
    }
}
