import FoundationEssentials
import Secrets
import TestSupport
import Testing

@Suite("The way back at GitHub, run by act on this machine", .tags(.pipelines))
struct GitHubRollbackTests {
    private let place: Place

    init() throws { place = try Place() }

    /// Runs a step in the repository as the job of the stages does that has this identity, and leaves its handoff.
    private func step(_ name: String, as identity: Secret) async throws {
        let secrets = ["ORK_IDENTITY": identity, "OPENROUTER_MANAGEMENT_KEY": place.sandbox.managementKey]
        let run = try await Place.run(
            BuiltProduct.path(name), ["--handoff", place.folder.file("ork-handoff.json")],
            in: place.folder.file("repository"),
            environment: secrets.compactMapValues { $0.revealed() }.merging([
                "OPENROUTER_BASE_URL": place.sandbox.url
            ]) { $1 })
        try #require(run.succeeded, "\(run.output)")
    }

    @Test("a dispatch finds the handoff of an earlier run and takes the rotation back, by an identity of its own")
    func rollback() async throws {
        let key = place.sandbox.predecessor.key.revealed() ?? ""
        try place.configure(more: place.trust)
        try await Repository.assemble(in: place)
        try await step("ork-create", as: place.manager)
        try await step("ork-publish", as: place.publisher)
        let successor = try place.folder.read("app.env")
        #expect(!successor.contains(key))
        let artifact = "github/1/ork-handoff.checkout.publish"
        try FileManager.default.createDirectory(
            atPath: place.folder.file(artifact), withIntermediateDirectories: true)
        try place.folder.write(place.folder.read("ork-handoff.json"), to: artifact + "/ork-handoff.json")

        let workflow = GitHubWorkflow(
            place: place, name: "ork-rotate", inputs: ["back": "true"], identity: place.returner)
        let run = try await workflow.run(2)
        #expect(run.succeeded && run.output.contains("rolled back: "), "\(run.output)")
        #expect(try place.folder.read("app.env").contains(key))
        #expect(try place.live() == [place.sandbox.predecessor.hash])
        #expect(try place.leaks(run.output, [place.artifacts.github], token: place.sandbox.github.token).isEmpty)
        #expect(!run.output.contains(successor.dropFirst("OPENROUTER_API_KEY=".count).prefix { $0 != "\n" }))
    }
}
