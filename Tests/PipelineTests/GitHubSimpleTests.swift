import FoundationEssentials
import JSON
import Secrets
import TestSupport
import Testing

@Suite("The simple workflow at GitHub, run by act on this machine", .tags(.pipelines))
struct GitHubSimpleTests {
    private let place: Place

    init() throws { place = try Place() }

    private func workflow(_ inputs: [String: String] = [:]) -> GitHubWorkflow {
        GitHubWorkflow(place: place, name: "ork-rotate", inputs: inputs)
    }

    @Test("the file that ork-init writes rotates a key in two runs of one job, all waves, and no log holds a key")
    func rotation() async throws {
        try place.configure("github-secret", "repository", "name", soak: "1h")
        try await Repository.assembleByInit("simple", in: place)
        let first = try await workflow().run(1)
        #expect(first.succeeded && first.output.contains("::notice title=ork-retire::"), "\(first.output)")
        #expect(try place.live().count == 1)
        // The new key was kept before anything was done with it, for the least time; then what was done.
        #expect(first.output.contains("artifact ork-handoff.checkout.begin: 1 days, sealed 1"), "\(first.output)")
        #expect(first.output.contains("artifact ork-handoff.checkout.rotate: 90 days, sealed 1"), "\(first.output)")
        let plan = try place.folder.read("repository/ork.yaml")
        try place.folder.write(plan.replacing("soak: 1h", with: "soak: 0s"), to: "repository/ork.yaml")
        try await Repository.commit(in: place)
        let second = try await workflow().run(2)
        #expect(second.succeeded && second.output.contains("finished: "), "\(second.output)")
        #expect(!second.output.contains("ork-create: "), "\(second.output)")
        let live = try place.live()
        #expect(live.count == 1 && live.first != place.sandbox.predecessor.hash)
        #expect(
            try place.held("github/secrets", "name") == ["CANARY_KEY": live.first ?? "", "WEB_KEY": live.first ?? ""])
        let text = first.output + second.output
        #expect(try place.leaks(text, [place.artifacts.github], token: place.sandbox.github.token).isEmpty)
    }

    @Test(
        "of two artifacts by others, one with an earlier handoff decides nothing, and one that nobody signed is told of"
    )
    func artifacts() async throws {
        try place.configure(soak: "1h")
        try await Repository.assembleByInit("simple", in: place)
        let first = try await workflow().run(1)
        #expect(first.succeeded, "\(first.output)")
        let begun = try place.folder.read("github/1/ork-handoff.checkout.begin/ork-handoff.json")
        for (run, text) in [(2, begun), (3, begun.replacing("checkout-prod", with: "search-prod"))] {
            let folder = "github/\(run)/ork-handoff.checkout.rotate"
            try FileManager.default.createDirectory(
                atPath: place.folder.file(folder), withIntermediateDirectories: true)
            try place.folder.write(text, to: folder + "/ork-handoff.json")
        }
        let later = try await workflow().run(4)
        #expect(later.succeeded && later.output.contains("is ignored: "), "\(later.output)")
        #expect(later.output.matches(of: #/ork-(create|publish|verify): /#).isEmpty, "\(later.output)")
        #expect(try place.sandbox.keys().count { $0["management"] == false } == 2)

        // The same job takes it back.
        let back = try await workflow(["back": "true"]).run(5)
        #expect(back.succeeded && back.output.contains("app: holds checkout-prod again"), "\(back.output)")
        #expect(try place.live() == [place.sandbox.predecessor.hash])
    }

    @Test("a step goes on with what an earlier one of the job has left, before the artifact is listed, if it is signed")
    func sameJob() async throws {
        try place.configure(soak: "1h")
        let secrets = ["ORK_IDENTITY": place.manager, "OPENROUTER_MANAGEMENT_KEY": place.sandbox.managementKey]
        let environment = secrets.compactMapValues { $0.revealed() }.merging([
            "GITHUB_ACTIONS": "true", "GITHUB_API_URL": place.address + "/github", "GITHUB_REPOSITORY": "acme/web",
            "GITHUB_REF_NAME": "main", "RUNNER_TEMP": place.folder.file("home"), "ORK_ROTATION": "checkout",
            "ORK_HANDOFF_TOKEN": "artifact-reader", "OPENROUTER_BASE_URL": place.sandbox.url,
            "GITHUB_OUTPUT": place.folder.file("output"),
        ]) { $1 }
        func step(_ job: String, begin: String) async throws -> (succeeded: Bool, output: String) {
            try await Place.run(
                BuiltProduct.path("ork-pipeline"), [job], in: place.folder.file("repository"),
                environment: environment.merging(["ORK_BEGIN": begin]) { $1 })
        }
        let begun = try await step("begin", begin: "true")
        #expect(begun.succeeded && begun.output.contains("ork-create: created "), "\(begun.output)")
        let left = try #require(
            place.folder.read("output").split(separator: "\n").last { $0.hasPrefix("path=") }?.dropFirst("path=".count))
        let text = String(decoding: try #require(FileManager.default.contents(atPath: String(left))), as: UTF8.self)
        try FileManager.default.createDirectory(
            atPath: place.folder.file("home/ork-forged"), withIntermediateDirectories: false)
        try place.folder.write(
            text.replacing("checkout-prod", with: "search-prod"), to: "home/ork-forged/ork-handoff.json")
        let run = try await step("rotate", begin: "false")
        #expect(run.succeeded && run.output.contains("ork-retire: waiting: "), "\(run.output)")
        #expect(run.output.contains("ork-forged/ork-handoff.json is ignored: "), "\(run.output)")
    }
}
