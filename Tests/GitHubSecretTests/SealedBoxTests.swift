import GitHubSandbox
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_github_secret

@Suite(.tags(.processes)) struct SealedBoxTests {
    @Test("PyNaCl opens what was written in each place, with the private key of that place")
    func pythonOpens() async throws {
        var fixture = GitHubFixture()
        var boxes: [JSONValue] = []
        for test in ScopeCase.all {
            fixture = GitHubFixture()
            #expect(fixture.publisher().answer(.publish, fixture.request(test.settings())).outcome == .committed)
            let url = try HTTPURL("http://127.0.0.1/sandbox/github/secrets")
            let truth = fixture.github { sandbox, now in
                sandbox.control(HTTPRequest(.get, url), at: now).body
            }
            let secrets = try #require(try JSONValue(parsing: truth).array)
            #expect(secrets.count == 1)
            boxes += secrets
        }
        let outcome = try await Python.run("open.py", input: JSONValue.array(boxes).text())
        let key = try #require(SampleKeys.successor.revealed())
        #expect(outcome.succeeded)
        #expect(outcome.output == String(repeating: key + "\n", count: ScopeCase.all.count))
    }
}
