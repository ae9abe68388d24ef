import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_google_secret

/// A version can be read by its number as soon as it is there, and `latest` may lead to an earlier one for minutes or hours
/// (docs.cloud.google.com/secret-manager/docs/reference/consistency).
@Suite(.tags(.values)) struct ConsistencyTests {
    @Test("no revision is made before 'latest' leads to what was written: its instances would keep the predecessor")
    func waits() {
        let fixture = CloudFixture()
        fixture.google { google, _ in google.lag = 3 }
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .committed && fixture.held == ["predecessor", "successor"], "\(answer)")
        fixture.finish()
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match && fixture.served() == ["successor"])
    }

    @Test("while 'latest' leads to an earlier version nothing is deployed, called in effect, or written twice")
    func lags() {
        let fixture = CloudFixture()
        fixture.google { google, _ in google.lag = 1000 }
        for held in [Held.predecessor, .successor] {
            let answer = fixture.ask(.publish)
            guard case .unknown(let error) = answer.outcome else {
                Issue.record("\(answer)")
                return
            }
            #expect(error.code == .unavailable && error.message.contains("'latest' still leads to version 1"))
            #expect(error.hint?.hasSuffix("then `ork-publish` again") == true, "\(error)")
            #expect(answer.held == held && fixture.held == ["predecessor", "successor"] && fixture.count() == 1)
        }
        let early = fixture.ask(.verify).error
        #expect(
            early?.code == .unavailable && early?.hint?.contains("ork-verify --wait") == true, "\(early as Any)")
        fixture.google { google, _ in google.lag = 0 }
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .unchanged && fixture.count() == 2, "\(answer)")
        fixture.finish()
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match && fixture.served() == ["successor"])
    }

    @Test("a key that is given back is written, although 'latest' still leads to it: soon it would not")
    func givenBack() {
        let fixture = CloudFixture()
        _ = fixture.ask(.publish, ["redeploy": false])
        fixture.google { google, _ in google.lag = 1000 }
        let answer = fixture.ask(.publish, ["redeploy": false], secret: SampleKeys.predecessor)
        #expect(
            answer.outcome == .committed && fixture.held == ["predecessor", "successor", "predecessor"], "\(answer)")
    }

    @Test("a value of somebody else's is a conflict as soon as it is there")
    func foreign() {
        let fixture = CloudFixture()
        fixture.google { google, now in
            google.add(CloudFixture.name, SampleKeys.text(SampleKeys.foreign), at: now)
            google.lag = 1000
        }
        #expect(fixture.ask(.publish).error?.code == .conflict && fixture.held == ["predecessor", "foreign"])
        #expect(fixture.ask(.verify).outcome == .mismatch)
    }

    @Test("a version of a number that no secret has is no answer", arguments: ["9223372036854775807", "0", "-1", "x"])
    func numbers(number: String) {
        let fixture = CloudFixture()
        let data = Data(SampleKeys.text(SampleKeys.predecessor).utf8).base64EncodedString()
        fixture.fail(
            .get, at: ":access", times: 30,
            .answer(200, #"{"name": "projects/1/secrets/k/versions/\#(number)", "payload": {"data": "\#(data)"}}"#))
        #expect(fixture.ask(.check).error?.code == .unavailable)
    }
}
