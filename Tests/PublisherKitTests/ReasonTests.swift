import HTTP
import PublisherKit
import TestSupport
import Testing

/// What a caller learns of a refusal besides the text for people.
@Suite(.tags(.values)) struct ReasonTests {
    private func failure(_ bench: Bench, _ call: ServiceCall) -> ServiceError? {
        do throws(ServiceError) { _ = try bench.send(call) } catch { return error }
        return nil
    }

    @Test("a refusal carries the service's own name for its reason, also when a doubt is added")
    func reason() throws {
        let error = try #require(failure(try Bench([.answer(400, "{}", ["x-plain-reason": "Busy"])]), Bench.make))
        #expect(error.reason == "Busy" && error.status == 400 && !error.mayHaveTakenEffect)
        #expect(error.doubted(true).reason == "Busy" && error.doubted(true).mayHaveTakenEffect)
        #expect(error.doubted(true).doubted(false).mayHaveTakenEffect)
        #expect(failure(try Bench([.answer(400)]), Bench.make)?.reason == nil)
    }

    @Test("a POST that only reads leaves no doubt, and is sent again if it may be", arguments: [true, false])
    func reading(isWrite: Bool) throws {
        var call = Bench.make
        call.isWrite = isWrite
        call.isIdempotent = !isWrite
        let bench = try Bench([.lost])
        #expect(failure(bench, call)?.mayHaveTakenEffect == isWrite)
        #expect(bench.transport.requests.count == (isWrite ? 1 : 5))
    }
}
