import FoundationEssentials
import Glibc
import JSON
import PublisherKit
import Secrets
import Sodium
import TestSupport
import Testing

/// The binaries as the host runs them; boto3 reads what they write.
@Suite(.tags(.servers)) struct ProgramTests {
    private func run(
        _ program: String, _ word: String, _ fixture: AWSFixture, input: String = "",
        environment: [String: String] = [:]
    ) async throws -> [String: JSONValue] {
        try await PublisherProgram(program).run(
            word, input: input, environment: fixture.environment().merging(environment) { $1 },
            hiding: fixture.server.users.values.map { Secret($0.key) })
    }

    private func lines(
        _ verb: Verb, _ targets: [JSONObject], _ secret: Secret, expect: [Secret]
    ) throws -> String {
        try PublisherProgram.requests(
            verb, targets.enumerated().map { ("\($0)", $1) }, secret: secret, expect: expect,
            operation: "op/\(Digest(of: secret).hex.prefix(16))")
    }

    @Test(
        "they say what they can do",
        arguments: [("ork-publisher-aws-secrets-manager", "secret"), ("ork-publisher-aws-parameter", "name")])
    func info(program: String, required: String) async throws {
        let fixture = try await onOwnThread { try AWSFixture() }
        let information = try #require(try await run(program, "info", fixture)["info"])
        #expect(information["batch"] == true && information["readback"] == "value")
        #expect(information["with"]?["required"] == .array([.string(required)]))
        #expect(information["environment"]?["optional"]?.array?.contains("AWS_ACCESS_KEY_ID") == true)
    }

    @Test(
        "they write many targets of one batch, the fields of one secret among them",
        arguments: [("ork-publisher-aws-secrets-manager", "secret"), ("ork-publisher-aws-parameter", "name")])
    func batch(program: String, setting: String) async throws {
        let fixture = try await onOwnThread { try AWSFixture() }
        let isSecret = setting == "secret"
        let base = (isSecret ? "" : "/") + fixture.name
        var targets: [JSONObject] = (0..<6).map { [setting: .string("\(base)-\($0)"), "create": true] }
        targets += ["a", "b.c"].map { [setting: .string("\(base)-json"), "field": .string($0), "create": true] }
        let outcomes = try await [
            run(program, "check", fixture, input: try lines(.check, targets, SampleKeys.predecessor, expect: [])),
            run(program, "publish", fixture, input: try lines(.publish, targets, SampleKeys.predecessor, expect: [])),
            run(
                program, "publish", fixture,
                input: try lines(.publish, targets, SampleKeys.successor, expect: [SampleKeys.predecessor])
            ),
            run(program, "verify", fixture, input: try lines(.verify, targets, SampleKeys.successor, expect: [])),
            run(
                program, "publish", fixture,
                input: try lines(.publish, targets, SampleKeys.successor, expect: [SampleKeys.predecessor])
            ),
            run(
                program, "publish", fixture,
                input: try lines(.publish, targets, SampleKeys.foreign, expect: [SampleKeys.predecessor])),
        ]
        for (answers, outcome) in zip(
            outcomes, ["ready", "committed", "committed", "match", "unchanged", "rejected"])
        {
            #expect(answers.count == targets.count)
            for (id, answer) in answers { #expect(answer["outcome"] == .string(outcome), "\(id) \(answer)") }
        }
        let held = try await onOwnThread {
            isSecret
                ? try fixture.boto("secretsmanager", "get_secret_value", ["SecretId": .string("\(base)-json")])[
                    "SecretString"]
                : try fixture.boto("ssm", "get_parameter", ["Name": .string("\(base)-json"), "WithDecryption": true])[
                    "Parameter"]?["Value"]
        }
        let document = try JSONValue(parsing: (held?.string ?? "").utf8)
        let key = JSONValue.string(SampleKeys.text(SampleKeys.successor))
        #expect(document == ["a": key, "b": ["c": key]])
    }

    @Test(
        "one that is killed at a write is run again, and the write is there once",
        arguments: [
            ("ork-publisher-aws-secrets-manager", "PutSecretValue"),
            ("ork-publisher-aws-secrets-manager", "UpdateSecretVersionStage"),
            ("ork-publisher-aws-secrets-manager", "CreateSecret"), ("ork-publisher-aws-parameter", "PutParameter"),
        ])
    func killed(program: String, operation: String) async throws {
        let fixture = try await onOwnThread { try AWSFixture() }
        let folder = try TemporaryDirectory()
        let isSecret = operation != "PutParameter"
        let with: JSONObject = [
            isSecret ? "secret" : "name": .string(isSecret ? fixture.name : "/" + fixture.name), "create": true,
        ]
        if operation != "CreateSecret" {
            try await onOwnThread {
                isSecret
                    ? try SecretFaultTests.begin(fixture, SampleKeys.predecessor)
                    : try ParameterTests.begin(fixture, SampleKeys.text(SampleKeys.predecessor))
            }
        }
        // The server has done it when the program dies.
        fixture.fail(
            operation,
            .notifyBeforeReply {
                let text = try? folder.read("pid")
                if let process = Int32(text?.split(separator: "\n").first ?? "") { kill(process, SIGKILL) }
            })
        let input = try lines(.publish, [with], SampleKeys.successor, expect: [SampleKeys.predecessor])
        let result = try await CommandRun(
            [
                "/bin/sh", "-c", #"echo $$ > "$1"; exec "$2" publish"#, "sh", folder.file("pid"),
                BuiltProduct.path(program),
            ], environment: fixture.environment(), input: input)
        #expect(!result.succeeded && result.output == "")
        let answers = try await run(program, "publish", fixture, input: input)
        #expect(["committed", "unchanged"].contains(answers["0"]?["outcome"]?.string), "\(answers)")
        try await onOwnThread {
            if isSecret {
                #expect(try SecretFaultTests.held(fixture) == SampleKeys.text(SampleKeys.successor))
                let shown = try fixture.boto(
                    "secretsmanager", "list_secret_version_ids", ["SecretId": .string(fixture.name)])
                #expect(shown["Versions"]?.array?.count == (operation == "CreateSecret" ? 1 : 2))
            } else {
                #expect(try ParameterTests.held(fixture) == SampleKeys.text(SampleKeys.successor))
            }
        }
    }
}
