import FoundationEssentials
import Rotation
import Secrets
import TestSupport
import Testing

@Suite("A fleet, and what only its handoffs tell", .tags(.pipelines))
struct FleetHandoffsTests {
    @Test(
        "a rotation that was taken back holds no place that another one waits for, as far as handoffs are found and trusted"
    )
    func places() async throws {
        let place = try Place()
        try place.configure(
            more: """
                    due: {every: 1s}
                  search: {predecessor: none, successor: {name: search-prod}}
                """)
        let environment = [
            "HOME": place.folder.file("home"), "ORK_IDENTITY": place.manager.revealed() ?? "",
            "OPENROUTER_BASE_URL": place.sandbox.url,
            "OPENROUTER_MANAGEMENT_KEY": place.sandbox.managementKey.revealed() ?? "",
        ]
        func run(_ program: String, _ arguments: [String], _ more: [String: String] = [:]) async throws -> CommandRun {
            try await CommandRun(
                [BuiltProduct.path(program)] + arguments, environment: environment.merging(more) { $1 },
                in: place.folder.file("repository"))
        }
        try FileManager.default.createDirectory(
            atPath: place.folder.file("github/1/ork-handoff.checkout.rollback"), withIntermediateDirectories: true)
        let handoff = place.folder.file("github/1/ork-handoff.checkout.rollback/ork-handoff.json")
        for program in ["ork-create", "ork-rollback"] {
            let step = try await run(program, ["--rotation", "checkout", "--handoff", handoff])
            try #require(step.succeeded, "\(step.errors)")
        }
        try? FileManager.default.removeItem(atPath: handoff + ".lock")

        let github = [
            "GITHUB_ACTIONS": "true", "GITHUB_API_URL": place.address + "/github", "GITHUB_REPOSITORY": "acme/web",
            "GITHUB_REF_NAME": "main", "RUNNER_TEMP": place.folder.file("home"), "ORK_HANDOFF_TOKEN": "artifact-reader",
        ]
        let stranger = try #require(Identity.generate().text.revealed())
        let cases: [([String: String], limit: String, due: [String], warning: String?)] = [
            (github, "1", ["search"], "checkout: it is due, but its last rotation "),
            // Nobody waits: the run itself says what a person has to do.
            (github, "2", ["checkout", "search"], nil),
            (github.merging(["ORK_HANDOFF_TOKEN": ""]) { $1 }, "1", ["checkout"], nil),
            (
                github.merging(["ORK_HANDOFF_TOKEN": "no"]) { $1 }, "1", ["checkout"],
                "which rotations were taken back is not known"
            ),
            (github.merging(["ORK_IDENTITY": stranger]) { $1 }, "1", ["checkout"], "is ignored: "),
        ]
        for (variables, limit, due, warning) in cases {
            let run = try await run("ork-due", ["--github", "--limit", limit], variables)
            let names = run.output.matches(of: #/"rotation":"(\w+)"/#).map { String($0.output.1) }
            #expect(run.succeeded && names == due, "\(run.output)\(run.errors)")
            #expect(
                run.errors.contains("warning: ") == (warning != nil) && run.errors.contains(warning ?? ""),
                "\(run.errors)")
        }
    }
}
