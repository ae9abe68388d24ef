import GitLabSandbox
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_gitlab_variable

/// What GitLab, or somebody in its place, says is not repeated as it is.
@Suite(.tags(.values)) struct ForeignTextTests {
    let fixture = GitLabFixture()

    @Test(
        "a refusal that repeats the token and the key does not bring them into the answer", arguments: [400, 403, 422])
    func repeated(_ status: Int) {
        let token = fixture.gitlab { $0.token }
        let words =
            "\(SampleKeys.text(SampleKeys.successor)) \(SampleKeys.text(token)) \(SampleKeys.text(SampleKeys.successor).dropFirst(9))"
        for body in [
            #"{"message": "\#(words)"}"#, #"{"message": {"value": ["\#(words)"]}}"#, #"{"error": "\#(words)"}"#,
            #"{"message": "\#(String(repeating: "x", count: 190)) \#(words)"}"#,
        ] {
            for method in [HTTPRequest.Method.get, .post] {
                fixture.fail(method, .answer(status, body))
                let answer = fixture.ask(.publish, PlaceCase.project.with(fixture))
                let text = String(describing: answer)
                #expect(!Redactor([token]).contains(text.utf8))
                #expect(!text.contains(SampleKeys.text(SampleKeys.successor).dropFirst(9).prefix(12)))
                guard case .rejected = answer.outcome else {
                    Issue.record("\(answer)")
                    return
                }
            }
        }
    }

    private static let long = String(repeating: "y", count: 100_000)

    @Test("scopes, kinds and dates of an answer are cut and cleaned")
    func cut() {
        let scope = #"{"key":"TOKEN","value":"x","environment_scope":"\u001b[2J\u202e\#(Self.long)"}"#
        let kind =
            #"{"key":"TOKEN","value":"\#(SampleKeys.text(SampleKeys.predecessor))","environment_scope":"*","#
            + #""variable_type":"\u001b[2J\#(Self.long)"}"#
        let date = #"{"scopes": ["api"], "expires_at": "\u001b[2J\#(Self.long)"}"#
        var with = PlaceCase.project.with(fixture)
        with["variable_type"] = "file"
        var texts: [String?] = []
        fixture.fail(.get, .answer(200, scope))
        texts.append(fixture.ask(.publish, with).outcome.error?.message)
        fixture.fail(.get, .answer(200, kind))
        fixture.fail(.get, .answer(200, date))
        texts.append(fixture.ask(.check, with).message)
        fixture.gitlab { $0.setVariable("TOKEN", SampleKeys.text(SampleKeys.predecessor), of: .group("acme")) }
        let stray =
            #"{"key":"TOKEN","value":"\#(SampleKeys.text(SampleKeys.successor))","environment_scope":"\u001b[2J\#(Self.long)"}"#
        fixture.fail(.put, .garbled(200, stray))
        texts.append(fixture.ask(.publish, PlaceCase.group.with(fixture)).outcome.error?.message)
        fixture.fail(.post, .garbled(201, stray))
        texts.append(fixture.ask(.publish, PlaceCase.groupProduction.with(fixture)).outcome.error?.message)
        fixture.gitlab { $0.removeVariable("TOKEN", of: .group("acme"), environmentScope: "production") }
        fixture.fail(.get, .after { _ in })
        fixture.fail(.get, .answer(200, stray))
        let answer = fixture.ask(.publish, PlaceCase.groupProduction.with(fixture))
        texts.append(answer.message)
        texts.append(answer.receipt.map { JSONValue.object($0).text() })
        for text in texts {
            #expect(text?.contains("[2J") == true, "\(text ?? "nothing")")
            #expect(text?.contains("\u{1b}") == false && text?.contains("\u{202e}") == false)
            #expect((text ?? Self.long).count < 600)
        }
    }

    @Test("the longest name of a variable is no hindrance", arguments: [1, 174, 175, 190, 255])
    func longName(_ count: Int) {
        let key = String(repeating: "K", count: count)
        var with = PlaceCase.project.with(fixture)
        with["key"] = .string(key)
        fixture.fail(
            .post, .before { $0.setVariable(key, SampleKeys.text(SampleKeys.predecessor), of: .project("acme/web")) })
        #expect(fixture.ask(.publish, with).receipt?["change"] == "updated")
    }

    @Test("what cannot be masked is explained, whatever else GitLab says")
    func unmaskable() {
        let first = String(repeating: "x", count: 300)
        fixture.fail(.post, .answer(400, #"{"message": {"base": ["\#(first)"], "value": ["is invalid"]}}"#))
        #expect(fixture.ask(.publish, PlaceCase.project.with(fixture)).outcome.error?.field == "with.masked")
    }
}
