import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_http

/// What every preset does at its service.
@Suite(.tags(.values)) struct PresetTests {
    @Test(
        "what Doppler restricts is not taken for nothing by a user's token, which gets null for it",
        arguments: Verb.basic)
    func restricted(verb: Verb) {
        func body(_ raw: JSONValue) -> String {
            let secret: JSONValue = ["raw": raw, "computed": raw, "rawVisibility": "restricted"]
            let answer: JSONValue = ["secrets": ["OPENROUTER_API_KEY": secret], "success": true]
            return answer.text()
        }
        let fixture = PlatformFixture(.doppler)
        fixture.fail(.get, times: 9, .answer(200, body(.null)))
        let error = fixture.ask(verb).error
        #expect(error?.code == .denied && error?.hint?.contains("service tokens") == true, "\(error as Any)")
        #expect(fixture.held == "predecessor")
        let service = PlatformFixture(.doppler)
        service.fail(.get, .answer(200, body(.string(SampleKeys.text(SampleKeys.predecessor)))))
        let answer = service.ask(verb)
        #expect(answer.outcome == (verb == .check ? .ready : verb == .publish ? .committed : .mismatch), "\(answer)")
    }

    @Test("every preset has a row here, and every file is built in")
    func complete() throws {
        let folder = BuiltProduct.repository + "/plugins/http/presets"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
            .map { String($0.dropLast(".json".count)) }
        #expect(Set(Preset.all.map(\.name)) == Set(files))
        #expect(Set(Kind.allCases.map(\.rawValue)) == Set(files))
    }

    @Test("every file is what its schema says")
    func schema() async throws {
        var texts: [String: String] = [:]
        for preset in Preset.all { texts[preset.name] = JSONValue.object(preset.description).text() }
        #expect(try await JSONSchema.preset.complaints(of: texts) == [:])
        let broken = try await JSONSchema.preset.complaints(of: ["none": #"{"title": "x", "write": {"delete": "/"}}"#])
        #expect(broken.keys.contains("none"))
    }

    @Test("a variable is made where somebody says so, and else refused", arguments: Kind.allCases)
    func created(kind: Kind) {
        let fixture = PlatformFixture(kind, holding: nil)
        let refused = fixture.ask(.publish, create: false)
        #expect(refused.error?.code == .notFound && fixture.held == "nothing", "\(refused)")
        #expect(fixture.ask(.check).outcome == .ready)
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .committed && fixture.held == "successor", "\(answer)")
        #expect(answer.receipt?["change"] == "created")
    }

    @Test(
        "a predecessor is replaced, its neighbour stays, and what is there already is left alone",
        arguments: Kind.allCases)
    func updated(kind: Kind) {
        let fixture = PlatformFixture(kind)
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .committed && fixture.held == "successor", "\(answer)")
        fixture.goLive()
        let again = fixture.ask(.publish)
        #expect(again.outcome == kind.repeated, "\(again)")
        fixture.goLive()
        #expect(fixture.held == "successor")
        let seen = fixture.ask(.verify, receipt: again.receipt).outcome
        #expect(seen == (kind.isVerifiable ? .match : .unverifiable))
    }

    @Test("a stranger's value is a conflict where it can be seen, and stays", arguments: Kind.allCases)
    func conflict(kind: Kind) {
        let fixture = PlatformFixture(kind, holding: SampleKeys.foreign)
        let answer = fixture.ask(.publish)
        guard kind.isComparable else {
            #expect(answer.outcome == .committed && answer.message?.contains("not compared before") == true)
            return
        }
        #expect(answer.error?.code == .conflict && fixture.held == "foreign", "\(answer)")
        #expect(fixture.ask(.check).error?.code == .conflict)
        #expect(fixture.ask(.verify).outcome == .mismatch)
    }

    @Test("a wrong token, another project and a token that may not write are told", arguments: Kind.allCases)
    func refused(kind: Kind) {
        for verb in Verb.basic {
            let fixture = PlatformFixture(kind)
            let denied = fixture.ask(verb, token: "wrong")
            let told = "\(denied.error?.message ?? "") \(denied.error?.hint ?? "")"
            #expect(denied.error?.code == .denied && told.contains(kind.traits.variable), "\(denied)")
            let missing = fixture.ask(verb, [kind.traits.project.setting: kind.traits.project.other], create: false)
            #expect(missing.error?.code == .notFound || verb == .verify && missing.outcome == .absent, "\(missing)")
            #expect(fixture.held == "predecessor")
        }
        let fixture = PlatformFixture(kind)
        fixture.platform { platform, _ in platform.mayWrite = false }
        let answer = fixture.ask(.publish)
        #expect(answer.error?.code == .denied && fixture.held == "predecessor", "\(answer)")
    }

    @Test("too many requests are waited for, as long as the service says or a minute", arguments: Kind.allCases)
    func limited(kind: Kind) {
        for (header, wait) in [(["retry-after": "7"], 7), ([:], 60)] as [([String: String], TimeInterval)] {
            let fixture = PlatformFixture(kind)
            fixture.fail(kind.traits.writing, .answer(429, #"{"message": "slow down"}"#, headers: header))
            #expect(fixture.ask(.publish).outcome == .committed)
            #expect(fixture.slept >= wait && fixture.slept < wait + 5, "\(fixture.slept)")
        }
        let fixture = PlatformFixture(kind)
        fixture.fail(kind.traits.writing, .answer(429, "{}", headers: ["retry-after": "900"]))
        let answer = fixture.ask(.publish)
        #expect(answer.error?.code == .rateLimited && answer.error?.retryAfter ?? 0 > 800)
    }

    @Test("a lost answer is settled by reading, and nothing is claimed that nobody knows", arguments: Kind.allCases)
    func lost(kind: Kind) {
        for fault in [PlatformFixture.Fault.lostReply, .lostRequest, .garbled(500, "{}")] {
            let fixture = PlatformFixture(kind)
            fixture.fail(kind.traits.writing, at: kind.traits.writePart, fault)
            let answer = fixture.ask(.publish)
            switch answer.outcome {
            case .committed: #expect(fixture.held == "successor")
            case .unknown: #expect(!kind.isComparable)
            default: Issue.record("\(answer)")
            }
        }
    }

    @Test("an answer that is none is never taken for one, and nothing of it is repeated", arguments: Kind.allCases)
    func hostile(kind: Kind) {
        let bodies = [
            "", "{", "[]", "{}", "null", #"{"value": 7}"#, #"{"id": "../..", "value": null}"#,
            #"{"message": "\#(SampleKeys.text(SampleKeys.successor))"}"#, String(repeating: "[", count: 5000),
        ]
        for verb in Verb.basic {
            for body in bodies {
                for status in [200, 302, 418] {
                    let fixture = PlatformFixture(kind)
                    for method in [HTTPRequest.Method.get, .post, .put, .patch] {
                        fixture.fail(method, times: 3, .garbled(status, body))
                    }
                    let answer = fixture.ask(verb)
                    #expect(answer.outcome != .match, "\(body)")
                    if verb == .publish, answer.outcome == .committed { #expect(fixture.held == "successor") }
                }
            }
            let fixture = PlatformFixture(kind)
            fixture.fail(.get, .huge)
            fixture.fail(.post, .huge)
            #expect(fixture.ask(verb).outcome != .match)
        }
    }
}
