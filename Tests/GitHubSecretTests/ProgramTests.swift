import FoundationEssentials
import HTTP
import JSON
import Secrets
import Sodium
import TestSupport
import Testing

/// The program as the host runs it, over a socket.
@Suite(.tags(.servers)) struct ProgramTests {
    private func run(
        _ verb: String, _ lines: [JSONValue] = [], environment: [String: String] = [:]
    ) async throws -> (answers: [JSONValue], errors: String, succeeded: Bool) {
        let result = try await CommandRun(
            [BuiltProduct.path("ork-publisher-github-secret"), verb], environment: environment,
            input: lines.map { $0.text() + "\n" }.joined())
        let answers = try result.output.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
        return (answers, result.errors, result.succeeded)
    }

    private func line(_ id: String, _ with: JSONObject, receipt: JSONValue? = nil, hasSecret: Bool) -> JSONValue {
        var secret: JSONObject = ["digest": .string("\(Digest(of: SampleKeys.successor))")]
        if hasSecret { secret["value"] = .string(SampleKeys.successor.revealed() ?? "") }
        var request: JSONObject = [
            "protocol": 1, "id": .string(id), "operation": "op",
            "rotation": .string(GitHubFixture.rotation(at: Date())),
            "deadline": .string((Date() + 600).formatted(.iso8601)),
            "target": ["name": "web", "with": .object(with)], "secret": .object(secret), "create": true,
        ]
        request["receipt"] = receipt
        return .object(request)
    }

    @Test("it says what it can do")
    func saysWhatItCanDo() async throws {
        let info = try #require(try await run("info").answers.first)
        #expect(info["with"]?["required"] == ["name"])
        #expect(info["environment"] == ["required": ["GITHUB_TOKEN"], "optional": [], "inherited": ["GITHUB_API_URL"]])
        #expect(info["verbs"] == ["check", "publish", "verify"])
        #expect(info["readback"] == "timestamp" && info["rollback"] == "value" && info["batch"] == true)
    }

    @Test("it checks, publishes and verifies a batch at the address of the pipeline's own GitHub")
    func publishes() async throws {
        let (sandbox, names) = try await onOwnThread {
            let sandbox = try SandboxProcess()
            let names = (0..<30).map { "acme/service-\($0)" }
            for name in names {
                _ = try sandbox.control(.post, "github/repositories", ["name": .string(name)])
            }
            return (sandbox, names)
        }
        let environment = [
            "GITHUB_TOKEN": sandbox.github.token.revealed() ?? "", "GITHUB_API_URL": sandbox.github.url,
        ]
        let targets: [JSONObject] = names.map {
            ["name": "TOKEN", "repository": .string($0), "companion": "TOKEN_STATE"]
        }
        func ask(_ verb: String, _ receipts: [String: JSONValue] = [:]) async throws -> [JSONValue] {
            let lines = targets.enumerated().map { index, with in
                line("\(index)", with, receipt: receipts["\(index)"], hasSecret: verb == "publish")
            }
            let (answers, errors, succeeded) = try await run(verb, lines, environment: environment)
            #expect(errors.isEmpty && succeeded)
            #expect(Set(answers.compactMap { $0["id"]?.string }).count == names.count)
            return answers
        }
        #expect(try await ask("check").allSatisfy { $0["outcome"] == "ready" })
        let published = try await ask("publish")
        #expect(published.allSatisfy { $0["outcome"] == "committed" }, "\(published)")
        let receipts = Dictionary(
            uniqueKeysWithValues: published.map { ($0["id"]?.string ?? "", $0["receipt"] ?? nil) })
        #expect(try await ask("verify", receipts).allSatisfy { $0["outcome"] == "match" })
        #expect(try await ask("publish").allSatisfy { $0["outcome"] == "unchanged" })

        let secrets = try await onOwnThread { try sandbox.control(.get, "github/secrets").array ?? [] }
        #expect(secrets.count == names.count)
        #expect(Set(secrets.map { $0["digest"]?.string }) == ["\(Digest(of: SampleKeys.successor))"])
        withExtendedLifetime(sandbox) {}
    }

    @Test("a target's own address goes before that of the pipeline")
    func prefersTheTargetsAddress() async throws {
        let sandbox = try await onOwnThread { try SandboxProcess() }
        let with: JSONObject = [
            "name": "TOKEN", "repository": "acme/none", "url": .string(sandbox.github.url),
        ]
        let (answers, _, _) = try await run(
            "publish", [line("1", with, hasSecret: true)],
            environment: [
                "GITHUB_TOKEN": sandbox.github.token.revealed() ?? "", "GITHUB_API_URL": "http://127.0.0.1:9/none",
            ])
        #expect(answers.first?["error"]?["code"] == "not_found", "\(answers)")
        withExtendedLifetime(sandbox) {}
    }

    @Test(
        "without a token, or with one that cannot be sent, nothing is asked",
        arguments: [nil, "", "ghp_line\n", "ghp_two words"])
    func needsAToken(_ token: String?) async throws {
        let (answers, _, _) = try await run(
            "publish", [line("1", ["name": "TOKEN", "repository": "acme/web"], hasSecret: true)],
            environment: token.map { ["GITHUB_TOKEN": $0, "GITHUB_API_URL": "http://127.0.0.1:9/"] } ?? [:])
        let error = try #require(answers.first?["error"])
        #expect(answers.first?["outcome"] == "rejected" && error["code"] == "configuration", "\(answers)")
        #expect(token == nil || token == "" || !answers[0].text().contains("ghp_"))
    }
}
