import FoundationEssentials
import JSON
import Secrets
import TestSupport
import Testing

@Suite("The GitHub workflow, run by act on this machine", .tags(.pipelines))
struct GitHubPipelineTests {
    private let place: Place

    init() throws { place = try Place() }

    @Test(
        "a whole rotation: a deployment fails, not yet is green, later runs go on without asking, and no log holds a key"
    )
    func rotation() async throws {
        let told = try LoopbackServer { _, connection in connection.respond(200, body: "ok") }
        let webhook = Secret("http://127.0.0.1:\(told.port)/services/T024BE7LD-qXk2vR9wLm4ZsB7t")
        try place.configure(
            "github-secret", "repository", "name", soak: "2s",
            more: "    notify: {webhooks: [{json: {env: ORK_EVENTS_URL}}]}")
        try await Repository.assembleByInit("staged", in: place)
        try await Repository.name(webhook: "ORK_EVENTS_URL", in: place)
        try await Repository.deployOnce(failingIn: place)
        let workflow = GitHubWorkflow(
            place: place, name: "ork-rotate", inputs: ["rotation": "checkout"], webhook: ("ORK_EVENTS_URL", webhook))
        /// The jobs that have run, of those that are asked for.
        func ran(_ jobs: [String], in output: String) throws -> [String] {
            try jobs.filter { job in try output.contains(Regex("/\(job) *\\] . Run Set up job")) }
        }
        let steps = ["create", "publish", "deploy", "verify"]
        let rest = ["approve-publish", "publish-rest", "deploy-rest", "verify-rest", "approve-retire"]
        // What is not deployed is not verified; a later run deploys it.
        let failed = try await workflow.run(1)
        #expect(
            try !failed.succeeded && ran(steps, in: failed.output) == ["create", "publish", "deploy"],
            "\(failed.output)")
        let first = try await workflow.run(2)
        #expect(first.succeeded, "\(first.output)")
        #expect(first.output.contains("::notice title=ork-retire::"), "\(first.output)")
        #expect(try ran(steps + rest, in: first.output) == ["deploy", "verify"] + rest, "\(first.output)")
        try await Task.sleep(for: .seconds(2))
        let second = try await workflow.run(3)
        #expect(second.succeeded, "\(second.output)")
        #expect(second.output.contains("finished: "), "\(second.output)")
        #expect(try ran(steps + rest, in: second.output) == [], "\(second.output)")
        let live = try place.live()
        #expect(live.count == 1 && live.first != place.sandbox.predecessor.hash)
        let held = try place.held("github/secrets", "name")
        #expect(held == ["CANARY_KEY": live.first ?? "", "WEB_KEY": live.first ?? ""])

        let text = failed.output + first.output + second.output
        // What holds the key goes after the least time that GitHub has, until every target has it.
        #expect(text.contains("1 days, sealed 1") && text.contains("90 days, sealed 0"))
        #expect(text.contains("90 days, sealed 1") && !text.contains("1 days, sealed 0"))
        #expect(try place.leaks(text, [place.artifacts.github], token: place.sandbox.github.token).isEmpty)
        // The webhook is named once, and the job that has news knows it.
        let events = try told.requests.map { try JSONValue(parsing: $0.message.body) }
        #expect(events.map { $0["text"]?.string } == ["the rotation checkout is finished"])
        #expect(!text.contains("T024BE7LD"))
    }
}
