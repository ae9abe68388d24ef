import CurlHTTP
import Dispatch
import HTTP
import Synchronization
import TestSupport
import Testing

@Suite("Many requests at once", .tags(.servers))
struct BatchTests {
    @Test("eight requests meet a server that answers only when all of them are there", arguments: [false, true])
    func batchIsConcurrent(isIdempotent: Bool) async throws {
        let meeting = Meeting(of: 8)
        let server = try LoopbackServer { _, connection in connection.respond(meeting.isComplete() ? 200 : 500) }
        let request = HTTPRequest(.post, try url(server.port), isIdempotent: isIdempotent)
        let answers = try await CurlTransport(policy: .once).answers(Array(repeating: request, count: 8))
        #expect(answers.map(\.index).sorted() == Array(0..<8))
        #expect(try answers.allSatisfy { try $0.answer.get().status == 200 })
    }

    @Test("an answer is handed over as it comes, while others are still on their way")
    func answersComeInTheirOrder() async throws {
        let gates = ["/0": DispatchSemaphore(value: 0), "/1": DispatchSemaphore(value: 0)]
        let server = try LoopbackServer { request, connection in
            if let gate = gates[request.message.target], gate.wait(timeout: .now() + 20) == .timedOut {
                connection.respond(500)
            } else {
                connection.respond(200)
            }
        }
        let requests = try (0..<3).map { HTTPRequest(.get, try url(server.port, "/\($0)")) }
        let order = try await onOwnThread {
            var order: [Int] = []
            CurlTransport(policy: .once).send(requests) { index, answer in
                if (try? answer.get().status) == 200 { order.append(index) }
                gates[index == 2 ? "/0" : "/1"]?.signal()
            }
            return order
        }
        #expect(order == [2, 0, 1])
    }

    @Test("one failure does not touch the others")
    func failuresStayAlone() async throws {
        let server = try LoopbackServer { request, connection in
            if request.message.target == "/1" { connection.close() } else { connection.respond(200) }
        }
        var requests = try (0..<3).map { HTTPRequest(.get, try url(server.port, "/\($0)")) }
        requests.append(HTTPRequest(.get, try url(server.port), headers: [("X", "\n")]))
        let answers = try await CurlTransport(policy: .once).answers(requests).sorted { $0.index < $1.index }
        #expect(answers.map { (try? $0.answer.get().status) ?? 0 } == [200, 0, 200, 0])
    }

    @Test("more requests than may be under way at once are all answered")
    func concurrencyIsBounded() async throws {
        let server = try LoopbackServer { _, connection in connection.respond(200) }
        var policy = HTTPPolicy.quick
        policy.concurrency = 3
        let request = HTTPRequest(.get, try url(server.port))
        let answers = try await CurlTransport(policy: policy).answers(Array(repeating: request, count: 40))
        #expect(answers.count == 40)
        #expect(server.connections <= 3)
    }

    @Test("an empty batch returns at once")
    func emptyBatch() async throws {
        #expect(try await CurlTransport().answers([]).isEmpty)
    }

    @Test("threads may share a transport, and an answer may lead to the next request")
    func transportIsShared() async throws {
        let server = try LoopbackServer { _, connection in connection.respond(200) }
        let transport = CurlTransport(policy: .once)
        let address = try url(server.port)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await onOwnThread {
                        var statuses = 0
                        transport.send([HTTPRequest(.get, address)]) { _, _ in
                            transport.send([HTTPRequest(.get, address)]) { _, answer in
                                statuses += (try? answer.get().status) ?? 0
                            }
                        }
                        return statuses
                    }
                }
            }
            for try await status in group { #expect(status == 200) }
        }
        #expect(server.requests.count == 8)
    }
}

/// Lets everyone who comes wait until all are there.
private final class Meeting: Sendable {
    private let missing: Mutex<Int>
    private let count: Int
    private let gate = DispatchSemaphore(value: 0)

    init(of count: Int) {
        self.count = count
        missing = Mutex(count)
    }

    /// `false` after twenty seconds.
    func isComplete() -> Bool {
        let isLast = missing.withLock { missing in
            missing -= 1
            return missing == 0
        }
        if isLast {
            for _ in 1..<count { gate.signal() }
            return true
        }
        return gate.wait(timeout: .now() + 20) == .success
    }
}
