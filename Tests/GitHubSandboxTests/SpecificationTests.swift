import TestSupport
import Testing

/// Every exchange holds under GitHub's published schema.
@Suite(.tags(.processes)) struct SpecificationTests {
    @Test("every exchange is valid under the schema", arguments: ["2022-11-28", "2026-03-10"])
    func exchanges(version: String) async throws {
        let transcript = try Transcript.ofEverything(version)
        let outcome = try await Python.run("validate.py", input: transcript.lines)
        #expect(outcome.succeeded, "\(outcome.output)")
        #expect(Set(transcript.statuses) == [200, 201, 204, 301, 401, 403, 404, 409, 422])
    }

    @Test(
        "the validation sees what is wrong",
        arguments: [
            (#""key_id":""#, #""key":""#, "response: key_id: Field required"),
            (#""updated_at":"2026-09-21T14:13:20Z""#, #""updated_at":"yesterday""#, "updated_at: Input should be"),
            (#""visibility":"private""#, #""visibility":"some""#, "Input should be 'all', 'private' or 'selected'"),
            (#""total_count":2"#, #""total":2"#, "total_count: Field required"),
            (#""name":"KEY","created_at""#, #""name":"KEY","id":1,"created_at""#, "id: Extra inputs are not permitted"),
            (#""status":"404""#, #""status":"400""#, "the status in the body is not the status"),
            (#""encrypted_value":""#, #""encrypted":""#, "request: "),
            ("/actions/secrets/KEY\"", "/actions/secrets\"", "the operation is not documented"),
            ("?per_page=1&page=1", "?size=1&page=1", "request: "),
            (#""method":"PATCH""#, #""method":"GET""#, "was never seen to succeed"),
        ])
    func validation(right: String, wrong: String, problem: String) async throws {
        let lines = try Transcript.ofEverything("2026-03-10").lines
        let broken = lines.split(separator: right, omittingEmptySubsequences: false).joined(separator: wrong)
        try #require(broken != lines)
        let outcome = try await Python.run("validate.py", input: broken)
        #expect(!outcome.succeeded)
        #expect(outcome.output.contains(problem), "\(outcome.output)")
    }
}
