import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

/// The frame of publishers for services.
@Suite(.tags(.values)) struct ServicePublisherTests {
    /// A target that writes with one call; `thing` is what no other target may have.
    private struct PlainTarget: ServiceTarget {
        let client: ServiceClient
        let thing: String
        let deadline: Date
        var place: String { thing }
        var claims: [(field: String, thing: String)] { [("with.thing", thing)] }

        func check(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer { PublisherAnswer(.ready) }

        func publish(_ secret: Secret, _ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
            _ = try client.send(Bench.write, until: deadline)
            return PublisherAnswer(.committed)
        }

        func verify(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer { PublisherAnswer(.match) }
    }

    private struct PlainPublisher: ServicePublisher {
        let information = PublisherInformation(verbs: Set(Verb.basic))
        let bench: Bench

        init() { fatalError("made by the tests only") }
        init(_ bench: Bench) { self.bench = bench }

        func target(_ request: PublisherRequest) throws(PublisherError) -> PlainTarget {
            PlainTarget(
                client: bench.client, thing: try Settings(request.with).required("thing", hint: "name it"),
                deadline: request.deadline)
        }
    }

    private func request(_ target: String, _ thing: String, _ bench: Bench, secret: Secret? = Secret("s"))
        -> PublisherRequest
    {
        PublisherRequest(
            id: "1", operation: "o", rotation: "r", deadline: bench.clock.now.addingTimeInterval(60), target: target,
            with: ["thing": .string(thing)], expect: [], digest: Digest(trustedHex: String(repeating: "0", count: 64)),
            secret: secret)
    }

    @Test("one thing at a service is one target's; a target may be asked again")
    func claims() throws {
        let bench = try Bench([.answer(204)])
        let publisher = PlainPublisher(bench)
        #expect(try publisher.check(request("web", "a", bench)).outcome == .ready)
        #expect(try publisher.publish(request("web", "a", bench)).outcome == .committed)
        #expect(try publisher.publish(request("web", "a", bench)).outcome == .committed)
        #expect(try publisher.publish(request("api", "b", bench)).outcome == .committed)
        for verb in [publisher.check, publisher.publish] {
            let error = #expect(throws: PublisherError.self) { try verb(request("other", "a", bench)) }
            #expect(error?.code == .configuration)
            #expect(error?.message == "target web has the same (a)")
            #expect(error?.field == "with.thing")
        }
        #expect(try publisher.verify(request("other", "a", bench)).outcome == .match)
        #expect(bench.transport.requests.count == 3)
    }

    @Test("a failure is an answer, and says unknown where it is not certain")
    func failures() throws {
        let refused = try Bench([.answer(403)])
        let answer = try PlainPublisher(refused).publish(request("web", "a", refused))
        #expect(answer.outcome.word == "rejected")
        let lost = try Bench([.lost])
        #expect(try PlainPublisher(lost).publish(request("web", "a", lost)).outcome.word == "unknown")
        #expect(throws: PublisherError.self) {
            try PlainPublisher(refused).publish(request("web", "a", refused, secret: nil))
        }
    }
}
