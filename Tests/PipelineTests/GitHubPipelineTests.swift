import FoundationEssentials
import Secrets
import TestSupport
import Testing

@Suite("The GitHub workflow, run by act on this machine")
struct GitHubPipelineTests {
    private let place: Place

    init() throws { place = try Place() }

    @Test("a whole rotation: not yet is green, a later run goes on without the gates, and no log holds a key")
    func rotation() async throws {
        try place.configure("github-secret", "repository", "name", soak: "2s")
        try await Repository.assemble(in: place)
        let workflow = GitHubWorkflow(place: place, name: "ork-rotate", inputs: ["rotation": "checkout"])
        let first = try await workflow.run(1)
        #expect(first.succeeded, "\(first.output)")
        #expect(first.output.contains("::notice title=ork-retire::"), "\(first.output)")
        for job in ["create", "publish", "verify", "approve-publish", "publish-rest", "approve-retire"] {
            #expect(first.output.contains("key/\(job)"), "\(job) did not run")
        }
        #expect(first.output.contains("[deploy/") && first.output.contains("[deploy-rest/"))
        try await Task.sleep(for: .seconds(2))
        let second = try await workflow.run(2)
        #expect(second.succeeded, "\(second.output)")
        #expect(second.output.contains("finished: "), "\(second.output)")
        for job in ["create", "publish", "verify", "approve"] {
            #expect(!second.output.contains("key/\(job)"), "\(job) ran again")
        }
        let live = try place.live()
        #expect(live.count == 1 && live.first != place.sandbox.predecessor.hash)
        let held = try place.held("github/secrets", "name")
        #expect(held == ["CANARY_KEY": live.first ?? "", "WEB_KEY": live.first ?? ""])

        let text = first.output + second.output
        // What holds the key goes after the least time that GitHub has.
        #expect(text.contains("1 days, sealed 1") && text.contains("90 days, sealed 0"))
        #expect(!text.contains("90 days, sealed 1") && !text.contains("1 days, sealed 0"))
        #expect(try place.leaks(text, [place.artifacts.github], token: place.sandbox.github.token).isEmpty)
    }
}
