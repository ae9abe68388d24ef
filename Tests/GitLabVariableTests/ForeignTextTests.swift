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
    let world = World()

    @Test(
        "a refusal that repeats the token and the key does not bring them into the answer", arguments: [400, 403, 422])
    func repeated(_ status: Int) {
        let token = world.gitlab { $0.token }
        let words = "\(Keys.text(Keys.successor)) \(Keys.text(token)) \(Keys.text(Keys.successor).dropFirst(9))"
        for body in [
            #"{"message": "\#(words)"}"#, #"{"message": {"value": ["\#(words)"]}}"#, #"{"error": "\#(words)"}"#,
            #"{"message": "\#(String(repeating: "x", count: 190)) \#(words)"}"#,
        ] {
            for method in [HTTPRequest.Method.get, .post] {
                world.fail(method, .answer(status, body))
                let answer = world.ask(.publish, PlaceCase.project.with(world))
                let text = String(describing: answer)
                #expect(!Redactor([token]).contains(text.utf8))
                #expect(!text.contains(Keys.text(Keys.successor).dropFirst(9).prefix(12)))
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
            #"{"key":"TOKEN","value":"\#(Keys.text(Keys.predecessor))","environment_scope":"*","#
            + #""variable_type":"\u001b[2J\#(Self.long)"}"#
        let date = #"{"scopes": ["api"], "expires_at": "\u001b[2J\#(Self.long)"}"#
        var with = PlaceCase.project.with(world)
        with["variable_type"] = "file"
        var texts: [String?] = []
        world.fail(.get, .answer(200, scope))
        texts.append(world.ask(.publish, with).outcome.error?.message)
        world.fail(.get, .answer(200, kind))
        world.fail(.get, .answer(200, date))
        texts.append(world.ask(.check, with).message)
        world.gitlab { $0.setVariable("TOKEN", Keys.text(Keys.predecessor), of: .group("acme")) }
        let stray =
            #"{"key":"TOKEN","value":"\#(Keys.text(Keys.successor))","environment_scope":"\u001b[2J\#(Self.long)"}"#
        world.fail(.put, .garbled(200, stray))
        texts.append(world.ask(.publish, PlaceCase.group.with(world)).outcome.error?.message)
        world.fail(.post, .garbled(201, stray))
        texts.append(world.ask(.publish, PlaceCase.groupProduction.with(world)).outcome.error?.message)
        world.gitlab { $0.removeVariable("TOKEN", of: .group("acme"), environmentScope: "production") }
        world.fail(.get, .after { _ in })
        world.fail(.get, .answer(200, stray))
        let answer = world.ask(.publish, PlaceCase.groupProduction.with(world))
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
        var with = PlaceCase.project.with(world)
        with["key"] = .string(key)
        world.fail(.post, .before { $0.setVariable(key, Keys.text(Keys.predecessor), of: .project("acme/web")) })
        #expect(world.ask(.publish, with).receipt?["change"] == "updated")
    }

    @Test("what cannot be masked is explained, whatever else GitLab says")
    func unmaskable() {
        let first = String(repeating: "x", count: 300)
        world.fail(.post, .answer(400, #"{"message": {"base": ["\#(first)"], "value": ["is invalid"]}}"#))
        #expect(world.ask(.publish, PlaceCase.project.with(world)).outcome.error?.field == "with.masked")
    }
}
