import FoundationEssentials
import JSON
import TestSupport
import Testing

/// What webhooks get, read by what we have not written.
@Suite(.tags(.servers)) struct NoticeTests {
    /// What somebody may have called a key: a mention, a link and markup of each service, and ends of what quotes it.
    private static let name =
        #"<!channel> @everyone <@U1> <at>all</at> [x](https://evil.example) https://evil.example ``` *b* _i_ &amp; "q""#

    private static let configuration = """
        version: 1
        rotations:
          checkout_1:
            predecessor: {name: '\(name)'}
            notify:
              webhooks:
                - slack: {env: SLACK_URL}
                - teams: {env: TEAMS_URL}
                - discord: {env: DISCORD_URL}
                - json: {env: JSON_URL}
        """

    private static let services = ["slack", "teams", "discord", "json"]

    /// A run that fails over a key of that name, at each service's webhook.
    private static func told(_ lines: [String], _ configuration: String = configuration) throws -> (
        messages: [String: [WireMessage]], errors: String
    ) {
        let run = try ScriptRun(Script(files: [Script.File(name: "ork.yaml", text: configuration + "\n")]))
        for line in services.map({ "receiver \($0.uppercased())_URL" }) + lines {
            try run.perform(try ScriptWords.split(line, run.variables))
        }
        var messages: [String: [WireMessage]] = [:]
        for service in services { messages[service] = run.receivers["\(service.uppercased())_URL"]?.0.messages }
        return (messages, run.errors)
    }

    private static let github = [
        "env GITHUB_ACTIONS=true", "env GITHUB_SERVER_URL=https://github.com", "env GITHUB_REPOSITORY=acme/web",
        "env GITHUB_RUN_ID=17",
    ]

    @Test("each service gets its own form, in which a key's name mentions nobody, links nowhere and formats nothing")
    func forms() async throws {
        let told = try await onOwnThread {
            try Self.told(["! exec ork-create"] + Self.github + ["! exec ork-create"]).messages
        }
        var bodies = JSONObject()
        for service in Self.services {
            let messages = try #require(told[service])
            #expect(messages.count == 2, "\(service)")
            for message in messages {
                #expect(message.method == "POST")
                #expect(message[header: "content-type"] == "application/json; charset=utf-8")
                #expect(message.text.contains("ork-create of checkout"))
            }
            bodies[service] = .array(try messages.map { try JSONValue(parsing: $0.body) })
        }
        let run = "https://github.com/acme/web/actions/runs/17"
        #expect(bodies["json"]?.array?.map { $0["run"]?.string } == [nil, run])
        #expect(bodies["json"]?.array?[0]["message"]?.string?.contains(Self.name) == true)
        let slack = try #require(told["slack"]).map(\.text)
        #expect(
            slack.allSatisfy { !$0.contains("<!channel>") && !$0.contains("<@U1>") && !$0.contains("https://evil") })
        #expect(slack[1].contains("<\(run)|the run>"))
        #expect(try #require(told["teams"]).allSatisfy { !$0.text.contains("https://evil") })
        let complaints = try await Python.run("notices.py", input: JSONValue.object(bodies).text())
        #expect(complaints.succeeded && complaints.output.isEmpty, "\(complaints.output)")
    }

    @Test("nothing secret is in what webhooks get, and no address of theirs in what is printed or recorded")
    func secrets() async throws {
        // What a step says repeats a part of an address.
        let told = try await onOwnThread {
            try Self.told(["! exec ork-create --predecessor 'name=x \(Receiver.credential) y' --verbose"])
        }
        #expect(told.errors.contains("POST the webhook in SLACK_URL: 200 after "))
        #expect(!told.errors.contains("/services/"))
        for (service, messages) in told.messages {
            #expect(messages.count == 1, "\(service)")
            for message in messages {
                #expect(message.text.contains("there is no live key named x "), "\(service)")
                #expect(!message.text.contains(Receiver.credential), "\(service)")
                #expect(!RotationRunFixture.holdsKey(message.body), "\(service)")
            }
        }
    }
}
