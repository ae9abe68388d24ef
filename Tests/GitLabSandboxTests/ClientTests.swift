import HTTP
import JSON
import Secrets
import TestSupport
import Testing

/// Clients that are not ours cannot tell the sandbox from GitLab.
@Suite(.tags(.servers)) struct ClientTests {
    private static func greeting(_ sandbox: SandboxProcess) -> String {
        let token = sandbox.gitlab.token.revealed() ?? ""
        return JSONValue.object(["url": .string(sandbox.gitlab.url), "token": .string(token)]).text()
    }

    @Test func pythonsGosAndCurlsClientsCannotTell() async throws {
        let sandbox = try await onOwnThread { try SandboxProcess() }
        let outcome = try await Python.run("client.py", input: Self.greeting(sandbox))
        #expect(outcome.succeeded, "\(outcome.output)")
        #expect(outcome.output == "done\n")
    }

    /// What a mistake in an exchange is called; the first is none.
    private static let mistakes: [(right: String, wrong: String, problem: String)] = [
        ("", "", ""),
        (#""protected":true"#, #""protected":"true""#, "'true' is not of type"),
        (#""value":"0123456789""#, #""value":1234567890"#, "1234567890 is not of type 'string'"),
        (#""hidden":false,"#, "", "'hidden' is a required property"),
        (#""environment_scope":"*""#, #""scope":"*""#, "'scope' was unexpected"),
        (#""hidden":false"#, #""is_hidden":false"#, "'is_hidden' was unexpected"),
        (#""variable_type":"file""#, #""variable_type":"secret""#, "'secret' is not one of ['env_var', 'file']"),
        (#""masked_and_hidden":true"#, #""masked_and_visible":true"#, "'masked_and_visible' was unexpected"),
        (#""status":201"#, #""status":200"#, "status 200 instead of 201"),
        ("per_page=1", "size=1", "'size' was unexpected"),
        (#"{"message":"404 "#, #"{"reason":"404 "#, "the refusal has neither message nor error"),
        (#""method":"DELETE""#, #""method":"GET""#, "gitlab_group_variable_delete was never seen to succeed"),
    ]

    @Test func everyExchangeFitsTheSchemasOfGitLabsClientAndMistakesDoNot() async throws {
        let sandbox = try await onOwnThread { try SandboxProcess() }
        let transcript = try Transcript.ofEverything()
        #expect(transcript.statuses == [200, 201, 204, 400, 404])
        let lines = try Self.mistakes.map { right, wrong, _ in
            guard !right.isEmpty else { return transcript.line }
            let broken = transcript.line.split(separator: right, omittingEmptySubsequences: false).joined(
                separator: wrong)
            try #require(broken != transcript.line, "\(right)")
            return broken
        }
        let input = ([Self.greeting(sandbox)] + lines).joined(separator: "\n")
        let outcome = try await Python.run("validate.py", input: input)
        #expect(outcome.succeeded, "\(outcome.output)")
        let answers = outcome.output.split(separator: "\n")
        try #require(answers.count == lines.count, "\(outcome.output)")
        #expect(answers[0] == "[]")
        for (answer, mistake) in zip(answers, Self.mistakes).dropFirst() {
            #expect(answer.contains(mistake.problem), "\(mistake.wrong)")
        }
    }

    @Test func theProgramServesTheProjectsItIsTold() async throws {
        try await onOwnThread {
            let sandbox = try SandboxProcess(["--gitlab-project", "one/two", "--gitlab-project", "one/three/four"])
            let token = sandbox.gitlab.token
            for (path, status) in [("one%2Ftwo", 200), ("one%2Fthree%2Ffour", 200), ("acme%2Fweb", 404)] {
                let url = try HTTPURL(sandbox.gitlab.url + "/projects/" + path)
                #expect(try LoopbackConnection.send(HTTPRequest(.get, url, bearer: token)).status == status)
            }
            let log = try #require(try sandbox.control(.get, "gitlab/log").array)
            #expect(log.map { $0["status"] } == [200, 200, 404])
        }
    }
}
