import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import Sodium
import SystemPackage
import TestSupport
import Testing

/// The binary as the host runs it.
enum PublisherProgram {
    /// Its answers by id.
    static func run(
        _ word: String, input: String = "", environment: [String: String], secrets: [Secret] = []
    ) async throws -> [String: JSONValue] {
        let result = try await CommandRun(
            [BuiltProduct.path("ork-publisher-kubernetes-secret"), word], environment: environment, input: input)
        #expect(result.errors == "" && result.succeeded, "\(result.errors)")
        let keys = Redactor([SampleKeys.predecessor, SampleKeys.successor, SampleKeys.foreign] + secrets)
        #expect(!keys.contains(result.output.utf8))
        var answers: [String: JSONValue] = [:]
        for line in result.output.split(separator: "\n") {
            let answer = try JSONValue(parsing: line.utf8)
            answers[answer["id"]?.string ?? "info"] = answer
        }
        return answers
    }

    /// One request a target.
    static func lines(
        _ verb: Verb, _ targets: [(name: String, with: JSONObject)], secret: Secret = SampleKeys.successor,
        expect: [Secret] = [SampleKeys.predecessor], seconds: TimeInterval = 60
    ) -> String {
        targets.map { target in
            var successor: JSONObject = ["digest": .string("\(Digest(of: secret))")]
            if verb == .publish { successor["value"] = .string(SampleKeys.text(secret)) }
            let request: JSONValue = [
                "protocol": 1, "id": .string(target.name), "operation": "op",
                "rotation": "01JDB00000AAAAAAAAAAAAAAAA",
                "deadline": .string((Date() + seconds).formatted(.iso8601)),
                "target": ["name": .string(target.name), "with": .object(target.with)],
                "expect": .array((expect + [secret]).map { .string("\(Digest(of: $0))") }),
                "secret": .object(successor),
            ]
            return request.text() + "\n"
        }.joined()
    }
}

/// The real `kubectl`.
enum Kubectl {
    /// What it prints, and whether it ended with 0.
    static func run(_ arguments: [String], kubeconfig: String = "/dev/null") async throws -> (
        text: String, isDone: Bool
    ) {
        let folder = try TemporaryDirectory()
        let kubectl = FilePath(try Python.interpreter()).removingLastComponent().appending("kubectl")
        let result = try await CommandRun(
            [kubectl.string, "--kubeconfig", kubeconfig, "--cache-dir", folder.path] + arguments,
            environment: ["PATH": "/usr/bin:/bin", "HOME": folder.path])
        return (result.output + result.errors, result.succeeded)
    }
}
