import HTTP
import JSON
import KubernetesSandbox
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_kubernetes_secret

/// Answers that get lost or are none, and other hands between two calls.
@Suite(.tags(.values)) struct FaultTests {
    /// What happens on the way, what was there, and how it ends.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var held: Secret? = SampleKeys.predecessor
        /// Whether there is a secret at all.
        var exists = true
        let fault: @Sendable (KubernetesFixture) -> Void
        /// The outcome's name.
        let outcome: String
        var change: String?
        var message: String?
        /// What is there afterwards.
        let holds: String?
    }

    private static func set(_ value: Secret) -> @Sendable (inout KubernetesSandbox) -> Void {
        { cluster in
            if cluster.object(.secrets, "app", in: "prod") == nil { cluster.addSecret("app", in: "prod", []) }
            cluster.setValue(SampleKeys.text(value), of: "KEY", in: "app", "prod")
        }
    }

    private static let sibling: @Sendable (inout KubernetesSandbox) -> Void = {
        $0.setValue("new", of: "OTHER", in: "app", "prod")
    }

    private static let remove: @Sendable (inout KubernetesSandbox) -> Void = { $0.remove(.secrets, "app", in: "prod") }

    static let losses = [
        Case(
            testDescription: "an update that got lost is sent again", fault: { $0.fail(.patch, .lostRequest) },
            outcome: "committed", change: "updated", holds: "successor"),
        Case(
            testDescription: "an update whose answer got lost is found", fault: { $0.fail(.patch, .lostReply) },
            outcome: "committed", change: "updated", holds: "successor"),
        Case(
            testDescription: "an update whose answers all get lost is settled by reading",
            fault: { $0.fail(.patch, times: 5, .lostReply) }, outcome: "committed", change: "updated",
            holds: "successor"),
        Case(
            testDescription: "an update at which the server breaks down is settled by reading",
            fault: { $0.fail(.patch, times: 5, .garbled(500, "{}")) }, outcome: "committed", change: "updated",
            holds: "successor"),
        Case(
            testDescription: "an update answered by a page is settled by reading",
            fault: { $0.fail(.patch, .garbled(200, "<!DOCTYPE html>", type: "text/html")) }, outcome: "committed",
            change: "updated", holds: "successor"),
        Case(
            testDescription: "an update that the server only pretends is made again",
            fault: {
                $0.fail(
                    .patch, .answer(200, #"{"kind":"Secret","metadata":{"resourceVersion":"1"},"data":{"KEY":"b25l"}}"#)
                )
            }, outcome: "committed", change: "updated", holds: "successor"),
        Case(
            testDescription: "a server that pretends every update is not believed",
            fault: {
                $0.fail(
                    .patch, times: 5,
                    .answer(200, #"{"kind":"Secret","metadata":{"resourceVersion":"1"},"data":{"KEY":"b25l"}}"#))
            }, outcome: "unknown",
            message: "Kubernetes took the key for KEY of secret app in namespace prod and shows another value",
            holds: "predecessor"),
        Case(
            testDescription: "a creation that did not arrive is sent again", exists: false,
            fault: { $0.fail(.post, .lostRequest) }, outcome: "committed", change: "created", holds: "successor"),
        Case(
            testDescription: "a creation whose answer got lost is found", exists: false,
            fault: { $0.fail(.post, .lostReply) }, outcome: "committed", change: "created", holds: "successor"),
        Case(
            testDescription: "a creation at which the server breaks down is found", exists: false,
            fault: { $0.fail(.post, .garbled(504, "", type: "text/plain")) }, outcome: "committed", change: "created",
            holds: "successor"),
        Case(
            testDescription: "an update in doubt stays in doubt when the reading fails too",
            fault: {
                $0.fail(.patch, times: 5, .lostReply)
                $0.fail(.get, .after { _ in })
                $0.fail(.get, .answer(200, "gone", type: "text/plain"))
            }, outcome: "unknown",
            message: "the connection ended, but the answer of Kubernetes is not an object of JSON", holds: "successor"),
        Case(
            testDescription: "an update in doubt stays in doubt when somebody else writes",
            fault: {
                $0.fail(.patch, times: 5, .lostReply)
                $0.fail(.get, .after { _ in })
                $0.fail(.get, .before(set(SampleKeys.foreign)))
            }, outcome: "unknown",
            message:
                "the connection ended, but KEY of secret app in namespace prod holds a value that this rotation does"
                + " not know", holds: "foreign"),
    ]

    static let races = [
        Case(
            testDescription: "a sibling written between reading and writing stays as it became",
            fault: { $0.fail(.patch, .before(sibling)) }, outcome: "committed", change: "updated", holds: "successor"),
        Case(
            testDescription: "another value written between reading and writing is left alone",
            fault: { $0.fail(.patch, .before(set(SampleKeys.foreign))) }, outcome: "rejected",
            message: "KEY of secret app in namespace prod holds a value that this rotation does not know",
            holds: "foreign"),
        Case(
            testDescription: "the successor written between reading and writing is unchanged",
            fault: { $0.fail(.patch, .before(set(SampleKeys.successor))) }, outcome: "unchanged", holds: "successor"),
        Case(
            testDescription: "removed between reading and writing: made", fault: { $0.fail(.patch, .before(remove)) },
            outcome: "committed", change: "created", holds: "successor"),
        Case(
            testDescription: "made between reading and making, with a predecessor: updated", exists: false,
            fault: { $0.fail(.post, .before(set(SampleKeys.predecessor))) }, outcome: "committed", change: "updated",
            holds: "successor"),
        Case(
            testDescription: "made between reading and making, with another value: left alone", exists: false,
            fault: { $0.fail(.post, .before(set(SampleKeys.foreign))) }, outcome: "rejected", holds: "foreign"),
        Case(
            testDescription: "written by others again and again",
            fault: { $0.fail(.patch, times: 5, .before(sibling)) }, outcome: "rejected",
            message: "secret app in namespace prod changes faster than it can be written", holds: "predecessor"),
        Case(
            testDescription: "made immutable between reading and writing",
            fault: {
                $0.fail(.patch, .before { $0.change(.secrets, "prod", "app") { $0["immutable"] = true } })
            }, outcome: "rejected",
            message: "secret app in namespace prod is immutable: nobody can change what it holds", holds: "predecessor"),
        Case(
            testDescription: "written by somebody else after our write: that is theirs to have",
            fault: { $0.fail(.patch, .after(set(SampleKeys.foreign))) }, outcome: "committed", change: "updated",
            holds: "foreign"),
    ]

    @Test("it ends as it should, whatever comes between", arguments: losses + races)
    func ends(_ example: Case) {
        let fixture = KubernetesFixture()
        if example.exists { fixture.hold(example.held) }
        example.fault(fixture)
        let answer = fixture.ask(.publish, ["create": true])
        #expect(answer.outcome.name == example.outcome, "\(answer)")
        #expect(answer.receipt?["change"]?.string == example.change)
        if let message = example.message { #expect((answer.error?.message ?? answer.message) == message) }
        #expect(fixture.held == example.holds)
        if example.testDescription.contains("sibling") {
            #expect(fixture.cluster { $0.value("OTHER", of: "app", in: "prod") } == "new")
        }
    }

    @Test("a write in doubt that is asked for again has one effect")
    func again() {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        fixture.fail(.patch, .lostReply)
        fixture.fail(.get, .after { _ in })
        fixture.fail(.get, .answer(200, "gone", type: "text/plain"))
        // There is no time for a second try.
        #expect(fixture.ask(.publish, within: 1.2).outcome.name == "unknown")
        let version = fixture.cluster { $0.object(.secrets, "app", in: "prod")?["metadata"] }
        _ = fixture.takeAsked()
        #expect(fixture.ask(.publish).outcome == .unchanged)
        #expect(fixture.takeAsked() == ["GET secrets/app"])
        #expect(fixture.cluster { $0.object(.secrets, "app", in: "prod")?["metadata"] } == version)
    }

    @Test(
        "an answer that is none is told, and nothing is written",
        arguments: [
            KubernetesFixture.Fault.answer(200, "{"), .answer(200, "[]"), .answer(200, "{}"), .answer(200, ""),
            .answer(200, #"{"kind":"Secret","metadata":{}}"#),
            .answer(200, #"{"kind":"List","metadata":{"resourceVersion":"1"}}"#),
            .answer(200, "<html>", type: "text/html"),
        ])
    func garbage(_ fault: KubernetesFixture.Fault) {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        for verb in Verb.basic {
            fixture.fail(.get, fault)
            let answer = fixture.ask(verb)
            #expect(answer.outcome.name == "rejected" && answer.error?.code == .unavailable)
            #expect(answer.error?.hint?.contains("whether a proxy answers") == true)
        }
        #expect(fixture.held == "predecessor")
    }
}

extension PublisherOutcome {
    /// The case, without what it carries.
    var name: String { String("\(self)".prefix { $0 != "(" }) }
}
