import FoundationEssentials
import JSON
import TestSupport
import Testing

@Suite("The GitHub workflow of a fleet, run by act on this machine", .tags(.pipelines))
struct GitHubFleetTests {
    private let place: Place

    init() throws { place = try Place() }

    @Test("what is due is rotated, each by itself; what soaks starts no job; a later run goes on, and begins nothing")
    func fleet() async throws {
        try place.configureFleet("github-secret", "repository", "name", soak: "1h")
        try place.beginFleet()
        try await Repository.assemble(in: place)
        let workflow = GitHubWorkflow(place: place, name: "ork-fleet")

        // One that fails stops no other, and one that is not due is left alone.
        let first = try await workflow.run(1)
        #expect(!first.succeeded && first.output.contains("acme/nowhere"), "\(first.output)")
        #expect(try place.states("checkout-prod") == ["disabled", "live"], "\(first.output)")
        #expect(try place.states("search-prod") == ["live"])
        #expect(try place.states("broken-prod") == [])
        #expect(try place.states("idle-prod") == ["live"])
        let held = try place.held("github/secrets", "name")
        #expect(Set(held.keys) == ["CANARY_KEY", "WEB_KEY", "SEARCH_KEY"])

        // Nothing to do but to wait: a green run of one job.
        try place.configureFleet("github-secret", "repository", "name", soak: "1h", isBroken: false)
        try await Repository.commit(in: place)
        let idle = try await workflow.run(2)
        #expect(idle.succeeded && idle.output.contains("nothing is due, 1 soaking"), "\(idle.output)")
        #expect(!idle.output.contains("ork-rotate"), "\(idle.output)")

        // When the time has come, the handoff of the first run is found, and only the last step is done. What a fork or
        // another branch gives out for a newer rotation is not looked at.
        let text = try place.folder.read("github/1/ork-handoff.checkout.retire/ork-handoff.json")
        let id = try #require(try JSONValue(parsing: Array(text.utf8))["rotation"]?["id"]?.string)
        for run in [8000, 9000] {
            let forged = "github/\(run)/ork-handoff.checkout.retire"
            try FileManager.default.createDirectory(
                atPath: place.folder.file(forged), withIntermediateDirectories: true)
            try place.folder.write(
                text.replacing(id, with: "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"), to: forged + "/ork-handoff.json")
        }
        try place.configureFleet("github-secret", "repository", "name", soak: "0s", isBroken: false)
        try await Repository.commit(in: place)
        let last = try await workflow.run(3)
        #expect(last.succeeded && last.output.contains("finished: "), "\(last.output)")
        #expect(last.output.matches(of: #/ork-(create|publish|verify|approve): /#).isEmpty, "\(last.output)")
        #expect(try place.states("checkout-prod") == ["live"])
        #expect(try place.states("search-prod") == ["live"])
        #expect(try place.held("github/secrets", "name") == held)
        let logs = first.output + idle.output + last.output
        #expect(try place.leaks(logs, [place.artifacts.github], token: place.sandbox.github.token).isEmpty)
    }
}
