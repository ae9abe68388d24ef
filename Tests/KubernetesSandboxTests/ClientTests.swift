import HTTP
import JSON
import Secrets
import TestSupport
import Testing

/// Clients that are not ours cannot tell the sandbox from Kubernetes, as far as it goes.
@Suite(.tags(.servers)) struct ClientTests {
    private static func root(_ sandbox: SandboxProcess) -> String {
        String(sandbox.kubernetes.url.dropLast("/kubernetes".count))
    }

    @Test func kubectlCannotTell() async throws {
        let sandbox = try await onOwnThread { try SandboxProcess() }
        let input = JSONValue.object(["root": .string(Self.root(sandbox))]).text()
        let outcome = try await Python.run("kubectl.py", input: input)
        #expect(outcome.succeeded && outcome.output == "done\n", "\(outcome.output)")
    }

    @Test func theOfficialPythonClientCannotTell() async throws {
        let sandbox = try await onOwnThread { try SandboxProcess() }
        let reader = try await onOwnThread {
            _ = try sandbox.control(.post, "kubernetes/workloads", ["resource": "deployments", "name": "web"])
            return try sandbox.control(
                .post, "kubernetes/tokens",
                ["user": "reader", "rules": [["resource": "secrets", "verbs": ["get"], "names": ["app"]]]])
        }
        let input = JSONValue.object([
            "root": .string(Self.root(sandbox)), "token": .string(sandbox.kubernetes.token.revealed() ?? ""),
            "reader": reader["token"] ?? .null,
        ])
        let outcome = try await Python.run("client.py", input: input.text())
        #expect(outcome.succeeded && outcome.output == "done\n", "\(outcome.output)")
    }

    /// What a mistake in an exchange is called; the first is none.
    private static let mistakes: [(right: String, wrong: String, problem: String)] = [
        ("", "", ""),
        (#""type":"Opaque""#, #""type":1"#, "1 is not of type 'string'"),
        (#""KEY":"b25l""#, #""KEY":"one""#, "'one' is not a 'byte'"),
        (#""availableReplicas":2"#, #""availableReplicas":"2""#, "'2' is not of type 'integer'"),
        (#""updatedNumberScheduled""#, #""updatedPods""#, "'updatedPods' was unexpected"),
        (#""numberReady":2,"#, "", "'numberReady' is a required property"),
        (#""resourceVersion":"#, #""version":"#, "'version' was unexpected"),
        (#""code":409"#, #""code":410"#, "the refusal is no Status of this code"),
        (#""status":201"#, #""status":204"#, "status 204 is none of create_namespaced_secret"),
        ("fieldManager=transcript", "manager=transcript", "has no parameter manager"),
        ("strategic-merge-patch+json", "merged-patch+json", "takes no application/merged-patch+json"),
        (#""kind":"SecretList""#, #""kind":"Secrets""#, "the answer is a v1 Secrets"),
        (#""stringData":{"KEY":"two"}"#, #""stringData":{"KEY":2}"#, "request $.stringData.KEY: 2 is not of type"),
    ]

    @Test func everyExchangeFitsTheOpenAPIAndMistakesDoNot() async throws {
        let transcript = try Transcript.ofEverything()
        #expect(transcript.statuses == [200, 201, 400, 404, 409, 422])
        let lines = try Self.mistakes.map { right, wrong, _ in
            guard !right.isEmpty else { return transcript.line }
            let broken = transcript.line.split(separator: right, omittingEmptySubsequences: false).joined(
                separator: wrong)
            try #require(broken != transcript.line, "\(right)")
            return broken
        }
        let outcome = try await Python.run("validate.py", input: lines.joined(separator: "\n"))
        #expect(outcome.succeeded, "\(outcome.output)")
        let answers = try outcome.output.split(separator: "\n").map { try JSONValue(parsing: $0.utf8) }
        try #require(answers.count == lines.count, "\(outcome.output)")
        #expect(answers[0]["problems"] == [], "\(answers[0])")
        #expect(
            answers[0]["seen"] == [
                "create_namespaced_secret", "delete_namespaced_secret", "list_namespace", "list_namespaced_daemon_set",
                "list_namespaced_deployment", "list_namespaced_secret", "list_namespaced_stateful_set",
                "patch_namespaced_daemon_set", "patch_namespaced_deployment", "patch_namespaced_secret",
                "patch_namespaced_stateful_set", "read_namespace", "read_namespaced_daemon_set",
                "read_namespaced_deployment", "read_namespaced_secret", "read_namespaced_stateful_set",
                "replace_namespaced_secret",
            ])
        for (answer, mistake) in zip(answers, Self.mistakes).dropFirst() {
            #expect(answer["problems"]?.text().contains(mistake.problem) == true, "\(mistake.wrong): \(answer)")
        }
    }
}
