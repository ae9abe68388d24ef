import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import Sodium
import TestSupport
import Testing

/// The predecessor that a check finds, sealed for the way back.
@Suite(.tags(.values)) struct SealingTests {
    private static let predecessor = Secret("sk-or-v1-" + String(repeating: "0a", count: 32))
    private static let successor = Secret("sk-or-v1-" + String(repeating: "0b", count: 32))
    private static let stranger = Secret("sk-or-v1-" + String(repeating: "0c", count: 32))

    /// A target that is one value, read by `check` and `verify`.
    private struct Shelf: Publisher {
        var held: Secret?
        var showsDigestOnly = false
        var information: PublisherInformation { PublisherInformation(readback: .value) }

        func check(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
            guard compare(request) != .other else { throw PublisherError(.conflict, "another value") }
            return PublisherAnswer(.ready)
        }

        func publish(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
            PublisherAnswer(compare(request) == .same ? .unchanged : .committed)
        }

        func verify(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
            PublisherAnswer(compare(request) == .same ? .match : .mismatch)
        }

        private func compare(_ request: PublisherRequest) -> Comparison {
            showsDigestOnly
                ? request.compare(held: held.map { Digest(of: $0) }) : request.compare(held: held)
        }
    }

    private static func pair(_ byte: UInt8) throws -> BoxKeyPair {
        try BoxKeyPair(seed: Secret([UInt8](repeating: byte, count: 32)))
    }

    private static func recipient(_ byte: UInt8) throws -> Recipient {
        Recipient(box: try pair(byte).publicKey, signing: [UInt8](repeating: 0, count: 32))
    }

    private static func request(expect: [Secret]?, sealTo: [Recipient]) -> PublisherRequest {
        PublisherRequest(
            id: "1", operation: "o", rotation: "r", deadline: .distantFuture, target: "web", with: [:],
            expect: expect?.map { Digest(of: $0) }, digest: Digest(of: successor), sealTo: sealTo)
    }

    @Test(
        "a check seals the predecessor that it finds, one box for each that may open it, without a line end",
        arguments: ["", "\n", "\r\n"])
    func sealing(lineEnd: String) throws {
        let recipients = [try Self.recipient(1), try Self.recipient(2)]
        let request = Self.request(expect: [Self.predecessor, Self.successor], sealTo: recipients)
        let held = Secret(Self.predecessor.copyBytes() + Array(lineEnd.utf8))
        let answer = Shelf(held: held).answer(.check, request)
        #expect(answer.held == .predecessor)
        #expect(answer.holds == Digest(of: Self.predecessor))
        #expect(answer.sealed.map(\.recipient) == recipients)
        #expect(answer.sealed.allSatisfy { $0.content == .predecessor })
        #expect(try Self.pair(1).open(answer.sealed[0].bytes) == Self.predecessor)
        #expect(try Self.pair(2).open(answer.sealed[1].bytes) == Self.predecessor)
        let line = answer.line(id: "1")
        #expect(!Redactor([Self.predecessor]).contains(line))
        #expect(try PublisherAnswer.parse(line, .check).answer == answer)
    }

    @Test(
        "nothing but a predecessor that was read is sealed, and only where a check is asked to",
        arguments: [
            (.check, Self.successor, [Self.predecessor], true), (.check, Self.stranger, [Self.predecessor], true),
            (.check, nil, [Self.predecessor], true), (.check, Self.predecessor, nil, true),
            (.check, Self.predecessor, [], true), (.check, Self.predecessor, [Self.predecessor], false),
            (.publish, Self.predecessor, [Self.predecessor], true),
            (.verify, Self.predecessor, [Self.predecessor], true),
        ] as [(Verb, Secret?, [Secret]?, Bool)])
    func notSealing(verb: Verb, held: Secret?, expect: [Secret]?, isAsked: Bool) throws {
        let request = Self.request(expect: expect, sealTo: isAsked ? [try Self.recipient(1)] : [])
        #expect(Shelf(held: held).answer(verb, request).sealed.isEmpty)
    }

    @Test("whoever knows the digest alone tells whose key it is, and seals nothing")
    func digestOnly() throws {
        let request = Self.request(expect: [Self.predecessor], sealTo: [try Self.recipient(1)])
        let answer = Shelf(held: Self.predecessor, showsDigestOnly: true).answer(.check, request)
        #expect(answer.held == .predecessor)
        #expect(answer.holds == Digest(of: Self.predecessor))
        #expect(answer.sealed.isEmpty)
    }

    @Test("recipients travel with a check alone, and one in a form of later times is passed over")
    func wire() throws {
        let request = Self.request(expect: [], sealTo: [try Self.recipient(1)])
        let text = "\(try Self.recipient(1))"
        let line = try #require(try request.line(for: .check).revealed())
        #expect(line.hasSuffix(#""},"seal_to":["\#(text)"]}"# + "\n"))
        #expect(try PublisherRequest(parsing: line.utf8, .check).sealTo == request.sealTo)
        #expect(try PublisherRequest(parsing: line.utf8, .verify).sealTo.isEmpty)
        #expect(try request.line(for: .verify).revealed()?.contains("seal_to") == false)
        let later = line.replacing(text, with: #"ork-public-2:AAAA",""# + text)
        #expect(try PublisherRequest(parsing: later.utf8, .check).sealTo == request.sealTo)
        let damaged = line.replacing(text, with: String(text.dropLast()) + "!")
        #expect(try PublisherRequest(parsing: damaged.utf8, .check).sealTo.isEmpty)
    }

    @Test("boxes are read in an answer to a check alone, and what is no box is none")
    func answers() throws {
        let box = try #require(SealedBox(Self.predecessor, of: .predecessor, to: try Self.recipient(1)))
        let line = JSONValue.object([
            "id": "1", "outcome": "ready", "sealed": [box.json, 7, ["to": "x", "of": "predecessor", "box": "AA"]],
        ]).bytes()
        #expect(try PublisherAnswer.parse(line, .check).answer.sealed == [box])
        let other = #"{"id":"1","outcome":"committed","sealed":[\#(box.json.text())]}"#
        #expect(try PublisherAnswer.parse(other.utf8, .publish).answer.sealed.isEmpty)
        let odd = #"{"id":"1","outcome":"ready","sealed":"no"}"#
        #expect(try PublisherAnswer.parse(odd.utf8, .check).answer.sealed.isEmpty)
    }

    @Test("a publisher that does not name rollback does not know it")
    func unknownVerb() {
        let answer = Shelf().answer(.rollback, Self.request(expect: [], sealTo: []))
        #expect(answer.outcome == .rejected(PublisherError(.configuration, "the publisher cannot roll back")))
        #expect(!Shelf().information.verbs.contains(.rollback))
    }
}
