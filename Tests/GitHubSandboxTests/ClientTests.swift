import HTTP
import JSON
import Secrets
import TestSupport
import Testing

/// Clients that we did not write take a running sandbox for GitHub.
@Suite(.tags(.servers)) struct ClientTests {
    @Test("a client cannot tell", arguments: ["command_line.py", "client.py"])
    func clients(script: String) async throws {
        let sandbox = try SandboxProcess()
        let greeting: JSONValue = [
            "github": [
                "url": .string(sandbox.github.url), "token": .string(sandbox.github.token.revealed() ?? ""),
            ]
        ]
        let outcome = try await Python.run(script, input: greeting.text())
        #expect(outcome.succeeded, "\(outcome.output)")
        #expect(outcome.output == "done\n")
    }

    @Test func theProgramServesTheRepositoriesItWasTold() throws {
        let sandbox = try SandboxProcess(["--github-repository", "corp/shop", "--github-repository", "corp/api"])
        for (path, status) in [
            ("/repos/corp/shop/environments/production", 200), ("/repos/corp/api", 200), ("/repos/acme/web", 404),
        ] {
            let url = try HTTPURL(sandbox.github.url + path)
            let request = HTTPRequest(
                .get, url, headers: [("User-Agent", "ork")], bearer: sandbox.github.token)
            let response = try LoopbackConnection.send(request)
            #expect(response.status == status)
            let named = try JSONValue(parsing: response.body)["url"]?.string
            #expect(named == (status == 200 ? url.description : nil))
        }
        #expect(try sandbox.control(.get, "github/log").array?.map { $0["status"] } == [200, 200, 404])
    }
}
