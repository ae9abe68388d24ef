import FoundationEssentials
import GitHubSandbox
import HTTP
import JSON
import PublisherKit
import Synchronization
import TestSupport
import Testing

@testable import ork_publisher_github_secret

/// Who may read a secret of an organization stays as it is.
@Suite(.tags(.values)) struct OrganizationTests {
    let fixture = GitHubFixture()
    private let selected: JSONObject = [
        "name": "TOKEN", "organization": "acme", "visibility": "selected", "selected_repositories": ["web", "api"],
    ]

    private func stored() -> (String?, [Int]) {
        fixture.github { sandbox, _ in
            let secret = sandbox.stored(scope: .organisation("acme"), name: "TOKEN")
            return (secret?.visibility?.rawValue, secret?.selected ?? [])
        }
    }

    @Test("another visibility in the settings changes nothing, and is told", arguments: [Verb.check, .publish])
    func keepsTheVisibility(_ verb: Verb) {
        let publisher = fixture.publisher()
        #expect(publisher.answer(.publish, fixture.request(selected, SampleKeys.predecessor)).outcome == .committed)
        let before = stored()
        #expect(before.0 == "selected" && before.1.count == 2)
        let answer = publisher.answer(
            verb, fixture.request(["name": "TOKEN", "organization": "acme", "visibility": "all"]))
        #expect(answer.outcome == (verb == .check ? .ready : .committed))
        #expect(
            answer.message?.hasSuffix(
                "; its visibility stays selected, as 'visibility' is only for a secret that is made") == true,
            "\(answer)")
        #expect(stored() == before)
        // The same wish as what is there is not worth a word.
        #expect(publisher.answer(verb, fixture.request(selected)).message?.contains("stays") == false)
    }

    @Test("all pages of the selected repositories are kept", arguments: [100, 101, 205])
    func keepsAllPages(_ count: Int) {
        let names = (0..<count).map { "service-\($0)" }
        fixture.github { sandbox, now in for name in names { sandbox.addRepository("acme/\(name)", at: now) } }
        var settings = selected
        settings["selected_repositories"] = .array(names.map { .string($0) })
        let publisher = fixture.publisher()
        #expect(publisher.answer(.publish, fixture.request(settings, SampleKeys.predecessor)).outcome == .committed)
        let before = stored()
        #expect(before.1.count == count)
        _ = fixture.takeAsked()
        #expect(publisher.answer(.publish, fixture.request(settings)).outcome == .committed)
        #expect(stored() == before)
        let pages = fixture.takeAsked().filter { $0.contains("/repositories?per_page=100&page=") }
        #expect(pages.count == (count + 99) / 100)
    }

    @Test("a list that changes while it is read, or makes no sense, is not written back", arguments: [1, 3])
    func refusesAnUnsteadyList(_ total: Int) {
        let publisher = fixture.publisher()
        #expect(publisher.answer(.publish, fixture.request(selected, SampleKeys.predecessor)).outcome == .committed)
        let before = stored()
        fixture.fail(
            .get, at: "/repositories?", times: 2,
            .changedAnswer { response in
                let text = String(decoding: response.body, as: UTF8.self)
                response.body = Array(text.replacing(#""total_count":2"#, with: #""total_count":\#(total)"#).utf8)
            })
        let answer = publisher.answer(.publish, fixture.request(selected))
        // Of three, the second page has none.
        #expect(
            answer.outcome
                == .rejected(
                    PublisherError(
                        .unavailable,
                        "the repositories that may read the secret TOKEN of the organization acme changed while they were read",
                        hint: "run the step again")), "\(answer)")
        #expect(stored() == before)
    }

    @Test("pages that bring nothing new end the reading", arguments: [2, 9_007_199_254_740_991])
    func refusesEndlessPages(_ total: Int) {
        let publisher = fixture.publisher()
        #expect(publisher.answer(.publish, fixture.request(selected, SampleKeys.predecessor)).outcome == .committed)
        let before = stored()
        _ = fixture.takeAsked()
        fixture.fail(
            .get, at: "/repositories?", times: 2000,
            .answer(200, #"{"total_count": \#(total), "repositories": [{"id": 1}, {"id": 1}]}"#))
        let answer = publisher.answer(.publish, fixture.request(selected))
        guard case .rejected(let error) = answer.outcome else {
            Issue.record("\(answer)")
            return
        }
        #expect(error.code == .unavailable && error.message.hasSuffix("changed while they were read"))
        #expect(fixture.takeAsked().filter { $0.contains("/repositories?") }.count == 2)
        #expect(stored() == before)
    }

    @Test(
        "other selected repositories in the settings change nothing, and are told", arguments: [Verb.check, .publish])
    func keepsTheSelection(_ verb: Verb) {
        let publisher = fixture.publisher()
        #expect(publisher.answer(.publish, fixture.request(selected, SampleKeys.predecessor)).outcome == .committed)
        let before = stored()
        var other = selected
        let told =
            "; its selected repositories stay what they are, as 'selected_repositories' is only for a secret that"
            + " is made"
        for names: JSONValue in [["web"], ["web", "api", "lib"], ["web", "lib"]] {
            other["selected_repositories"] = names
            let answer = publisher.answer(verb, fixture.request(other))
            #expect(answer.message?.hasSuffix(told) == true, "\(answer)")
        }
        // The same ones are not worth a word, however they are written, unless nobody can know.
        other["selected_repositories"] = ["acme/API", "Web"]
        #expect(publisher.answer(verb, fixture.request(other)).message?.contains("stay") == false)
        fixture.fail(
            .get, at: "/repositories?",
            .changedAnswer { response in
                let text = String(decoding: response.body, as: UTF8.self)
                response.body = Array(text.replacing(#""full_name":"acme/web""#, with: #""whole":"acme/web""#).utf8)
            })
        other["selected_repositories"] = ["api"]
        #expect(publisher.answer(verb, fixture.request(other)).message?.hasSuffix(told) == true)
        #expect(stored() == before)
    }

    @Test("the ids of repositories are numbers, and texts for Dependabot, as gh sends them", arguments: ScopeCase.all)
    func sendsIDs(_ test: ScopeCase) throws {
        let bodies = Mutex<[JSONValue]>([])
        let fixture = GitHubFixture { request in
            guard request.method == .put, let body = request.body.flatMap({ try? JSONValue(parsing: $0) }) else {
                return
            }
            bodies.withLock { $0.append(body) }
        }
        for key in [SampleKeys.predecessor, SampleKeys.successor] {
            #expect(fixture.publisher().answer(.publish, fixture.request(test.settings(), key)).outcome == .committed)
        }
        let sent = bodies.withLock { $0 }
        #expect(sent.count == 2)
        let ids = test.selected.compactMap { fixture.ids[$0] }.sorted()
        for body in sent {
            let list = body["selected_repository_ids"]?.array
            guard !ids.isEmpty else {
                #expect(list == nil)
                continue
            }
            let expected = ids.map { test.store == .dependabot ? JSONValue.string("\($0)") : .number(JSONNumber($0)) }
            #expect(list.map { $0.sorted { $0.text() < $1.text() } } == expected)
        }
    }

    @Test("a visibility that is no word is not repeated as it came")
    func cleansAVisibility() {
        let publisher = fixture.publisher()
        #expect(publisher.answer(.publish, fixture.request(selected, SampleKeys.predecessor)).outcome == .committed)
        fixture.fail(
            .get, at: "secrets/TOKEN",
            .changedAnswer { response in
                let text = String(decoding: response.body, as: UTF8.self)
                let word = #"\u001b[2J\u202e"# + String(repeating: "x", count: 4000)
                response.body = Array(text.replacing(#":"selected""#, with: #":"\#(word)""#).utf8)
            })
        let message = publisher.answer(.check, fixture.request(selected)).message ?? ""
        #expect(message.contains("its visibility stays ") && message.count < 300)
        #expect(!message.contains("\u{1b}") && !message.contains("\u{202e}"))
    }

    @Test("a secret without a visibility is not written")
    func refusesAnUnknownVisibility() {
        let publisher = fixture.publisher()
        #expect(publisher.answer(.publish, fixture.request(selected, SampleKeys.predecessor)).outcome == .committed)
        let before = stored()
        fixture.fail(
            .get, at: "secrets/TOKEN",
            .changedAnswer { response in
                let text = String(decoding: response.body, as: UTF8.self)
                response.body = Array(text.replacing(#""visibility":"#, with: #""sight":"#).utf8)
            })
        let answer = publisher.answer(.publish, fixture.request(selected))
        #expect(
            answer.outcome
                == .rejected(
                    PublisherError(
                        .unavailable,
                        "GitHub does not say which repositories may read the secret TOKEN of the organization acme",
                        hint: "run the step again; writing it without that could change it")), "\(answer)")
        #expect(stored() == before)
    }
}
