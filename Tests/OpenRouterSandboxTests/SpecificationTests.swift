import FoundationEssentials
import HTTP
import JSON
import OpenRouterSandbox
import Secrets
import TestSupport
import Testing
import Timestamps

/// Every answer holds under OpenRouter's specification and in OpenRouter's own client.
@Suite(.tags(.servers)) struct SpecificationTests {
    private let fixture = Python.file("Fixtures/openapi.yaml")

    @Test func everyAnswerIsValidUnderTheSpecification() async throws {
        let transcript = try Transcript.ofEverything()
        let outcome = try await Python.run("validate.py", [fixture, "/dev/stdin"], input: transcript.lines)
        #expect(outcome.succeeded, "\(outcome.output)")
        #expect(Set(transcript.statuses) == [200, 201, 204, 400, 401, 403, 404, 409])
    }

    @Test(
        "the validation sees what is wrong",
        arguments: [
            (#""disabled":false"#, #""disabled":0"#, "0 is not of type 'boolean'"),
            (#""last_used_at":null"#, #""last_used_at":"yesterday""#, "'yesterday' is not a 'date-time'"),
            (#""total_credits":1000,"#, "", "'total_credits' is a required property"),
            (#""limit_reset":"daily""#, #""limit_reset":"hourly""#, "'hourly' is not one of"),
            (#""code":404"#, #""code":400"#, "the code in the body is not the status"),
            ("include_expired=true", "include_all=true", "include_all is not documented"),
        ])
    func validation(right: String, wrong: String, problem: String) async throws {
        let lines = try Transcript.ofEverything().lines
        let broken = lines.split(separator: right, omittingEmptySubsequences: false).joined(separator: wrong)
        try #require(broken != lines)
        let outcome = try await Python.run("validate.py", [fixture, "/dev/stdin"], input: broken)
        #expect(!outcome.succeeded)
        #expect(outcome.output.contains(problem))
    }

    /// What a running sandbox says of itself, with a federation policy and a CI system's token for it.
    private static func greeting(_ sandbox: SandboxProcess) throws -> String {
        let policy = try sandbox.control(.post, "policies", ["subject": "ci"])["id"] ?? nil
        let token = try sandbox.control(.post, "subject-tokens", ["policy": policy])["token"] ?? nil
        let greeting: JSONValue = [
            "url": .string(sandbox.url), "management_key": .string(sandbox.managementKey.revealed() ?? ""),
            "predecessor": [
                "name": .string(sandbox.predecessor.name), "key": .string(sandbox.predecessor.key.revealed() ?? ""),
                "hash": .string(sandbox.predecessor.hash),
            ], "policy": policy, "subject_token": token,
        ]
        return greeting.text()
    }

    @Test(
        "the client of OpenRouter cannot tell",
        arguments: [("client.py", "done\n"), ("management.py", "58 operations\n")])
    func client(script: String, output: String) async throws {
        let sandbox = try SandboxProcess()
        let outcome = try await Python.run(script, input: Self.greeting(sandbox))
        #expect(outcome.succeeded, "\(outcome.output)")
        #expect(outcome.output == output)
    }

    @Test func whatTheSchemaAllowsIsAcceptedAndWhatItForbidsIsRefused() async throws {
        let sandbox = try SandboxProcess()
        let input = try Self.greeting(sandbox)
        let outcome = try await Python.run("fuzz.py", [fixture, "20261128", "5"], input: input)
        #expect(outcome.succeeded, "\(outcome.output)")
        #expect(outcome.output.hasSuffix(" 0 deviations\n"))
    }

    private static let specification =
        ProcessInfo.processInfo.environment["ORK_OPENAPI"]
        ?? BuiltProduct.repository + "/../shared/openrouter/openapi-management-merged-2026-11-28.yaml"

    @Test(
        .enabled("the whole specification is not part of the repository") {
            FileManager.default.fileExists(atPath: specification)
        })
    func theFixtureEqualsItsPartOfTheWhole() async throws {
        let outcome = try await Python.run("specification.py", [Self.specification, fixture])
        #expect(outcome.succeeded, "\(outcome.output)")
    }
}
