import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_google_secret

/// A write is a version, and those before it stay.
@Suite(.tags(.values)) struct PublishTests {
    @Test("a version is added, and the neighbours and the earlier versions stay")
    func added() {
        let fixture = CloudFixture()
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .committed && answer.held == .predecessor, "\(answer)")
        #expect(fixture.held == ["predecessor", "successor"] && answer.receipt?["version"] == "2")
        #expect(
            answer.receipt?["change"] == "updated"
                && fixture.google { google, _ in google.secrets["neighbour"]?.count } == 1)
    }

    @Test("what is there already is left alone, and so is a service that was renewed since")
    func unchanged() {
        let fixture = CloudFixture()
        _ = fixture.ask(.publish)
        fixture.finish()
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .unchanged && answer.held == .successor && fixture.count() == 2, "\(answer)")
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match)
    }

    @Test("a value that the rotation does not know is a conflict, and stays", arguments: Verb.basic)
    func conflict(verb: Verb) {
        let fixture = CloudFixture(holding: SampleKeys.foreign)
        let answer = fixture.ask(verb)
        if verb == .verify {
            #expect(answer.outcome == .mismatch)
        } else {
            #expect(answer.error?.code == .conflict && answer.error?.field == "with.name", "\(answer)")
        }
        #expect(fixture.held == ["foreign"] && fixture.count() == 1)
    }

    @Test("a predecessor that was added with a line end behind it is replaced, and sealed without it")
    func lineEnd() throws {
        let fixture = CloudFixture(holding: Secret(SampleKeys.text(SampleKeys.predecessor) + "\n"))
        #expect(fixture.ask(.check).outcome == .ready)
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .committed && answer.held == .predecessor, "\(answer)")
        #expect(fixture.held == ["other", "successor"])
    }

    @Test("a secret without versions gets one only where somebody says so; one that is not there is told")
    func created() {
        let fixture = CloudFixture(holding: nil)
        #expect(fixture.ask(.publish).error?.code == .notFound && fixture.held == [])
        #expect(fixture.ask(.verify).outcome == .absent)
        let answer = fixture.ask(.publish, create: true)
        #expect(answer.outcome == .committed && answer.receipt?["change"] == "created", "\(answer)")
        fixture.google { google, _ in google.secrets = [:] }
        let missing = fixture.ask(.publish, create: true).error
        #expect(missing?.code == .notFound && missing?.field == "with.name", "\(missing as Any)")
    }

    @Test(
        "an answer that was lost is settled by reading, and there is one version",
        arguments: [CloudFixture.Fault.lostReply, .garbled(502, ""), .garbled(200, "{}"), .garbled(200, "x")])
    func lost(fault: CloudFixture.Fault) {
        let fixture = CloudFixture()
        fixture.fail(.post, at: ":addVersion", fault)
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .committed && fixture.held == ["predecessor", "successor"], "\(answer)")
        fixture.finish()
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match && fixture.served() == ["successor"])
        let silent = CloudFixture()
        silent.fail(.post, at: ":addVersion", fault)
        silent.fail(.get, at: ":access", times: 2, .before { _ in })
        silent.fail(.get, at: ":access", times: 9, .lostRequest)
        guard case .unknown = silent.ask(.publish).outcome else {
            Issue.record("a write that may have been done was called rejected")
            return
        }
    }

    @Test("a target takes so many exchanges and no more")
    func exchanges() {
        let fixture = CloudFixture()
        _ = fixture.ask(.check)
        let (access, service) = ("GET S/versions/latest:access", "GET R/web")
        #expect(fixture.takeAsked() == [access, "GET S/versions/2:access", service])
        let answer = fixture.ask(.publish)
        #expect(
            fixture.takeAsked() == [
                service, access, "GET S/versions/2:access", "POST S:addVersion", access,
                "PATCH R/web?updateMask=template&forceNewRevision=true", service,
            ])
        fixture.finish()
        _ = fixture.ask(.verify, receipt: answer.receipt)
        let revision = answer.receipt?["services"]?["europe-west1/web"]?["revision"]?.string ?? ""
        #expect(
            fixture.takeAsked() == [
                access, "GET S/versions/3:access", "GET S/versions/2", service, "GET R/web/revisions/\(revision)",
            ])
    }
}
