import PublisherKit
import Synchronization
import TestSupport
import Testing

@Suite(.tags(.values)) struct FetchedOnceTests {
    private final class Counter: Sendable {
        private let count = Mutex(0)

        var value: Int { count.withLock { $0 } }

        func next() -> Int {
            count.withLock {
                $0 += 1
                return $0
            }
        }
    }

    @Test("a value is fetched once, however many threads want it")
    func once() async throws {
        let (kept, counter) = (FetchedOnce<String, Int>(), Counter())
        try await withThrowingTaskGroup { group in
            for _ in 0..<12 {
                group.addTask {
                    try await onOwnThread { try kept.value(of: "a") { () throws(ServiceError) in counter.next() } }
                }
            }
            for try await value in group { #expect(value == 1) }
        }
        #expect(counter.value == 1)
        #expect(try kept.value(of: "b") { () throws(ServiceError) in counter.next() } == 2)
    }

    @Test("a failure is not kept, and only what is stale is dropped")
    func failures() throws {
        let kept = FetchedOnce<String, Int>()
        #expect(throws: ServiceError.self) {
            try kept.value(of: "a") { () throws(ServiceError) in throw ServiceError(PublisherError(.internal, "no")) }
        }
        #expect(try kept.value(of: "a") { () throws(ServiceError) in 1 } == 1)
        kept.forget("a") { $0 == 7 }
        #expect(try kept.value(of: "a") { () throws(ServiceError) in 2 } == 1)
        kept.forget("a") { $0 == 1 }
        #expect(try kept.value(of: "a") { () throws(ServiceError) in 3 } == 3)
    }
}
