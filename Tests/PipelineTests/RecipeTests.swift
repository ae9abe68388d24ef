import FoundationEssentials
import JSON
import Secrets
import TestSupport
import Testing

@Suite("The recipes for other systems, run job by job")
struct RecipeTests {
    /// The secrets of each job, and no other.
    private static let secrets = [
        "check": ["ORK_IDENTITY", "TARGET_TOKEN"], "publish": ["ORK_IDENTITY", "TARGET_TOKEN"],
        "verify": ["ORK_IDENTITY", "TARGET_TOKEN"], "create": ["OPENROUTER_MANAGEMENT_KEY", "ORK_IDENTITY"],
        "retire": ["OPENROUTER_MANAGEMENT_KEY", "ORK_IDENTITY"], "approve": ["ORK_IDENTITY"], "hold": [],
    ]

    @Test(
        "a whole rotation: a job that dies, the gate closed and opened, not yet, and on without asking again",
        arguments: Recipe.allCases)
    func rotation(recipe: Recipe) async throws {
        let pipeline = try await RecipeRun(recipe)
        let place = pipeline.place
        let predecessor = place.sandbox.predecessor.hash
        var jobs = try await pipeline.run(begin: true, kill: "publish")
        #expect(jobs.contains { $0.name == "publish" && $0.code == 137 }, "\(jobs.log)")
        var all = jobs
        if !recipe.runsJobsAgain {
            jobs = try await pipeline.run()
            all += jobs
        }
        // The gate is closed: both keys live, and the targets hold the new one.
        #expect(jobs["verify"]?.status == "success", "\(jobs.log)")
        let successor = try #require(try place.live().first { $0 != predecessor })
        #expect(try Set(place.live()) == [successor, predecessor], "\(jobs.log)")
        #expect(try place.held("gitlab/variables", "key") == ["CANARY_KEY": successor, "WEB_KEY": successor])
        #expect(jobs["hold"]?.status == (recipe == .kubernetes ? nil : "closed"))

        // It is opened, and the predecessor soaks.
        jobs = try await pipeline.run(begin: recipe.asksOnlyWhenBegun, approve: true)
        all += jobs
        #expect(jobs["approve"]?.status == "success", "\(jobs.log)")
        #expect(jobs["retire"]?.status == recipe.notYet, "\(jobs.log)")
        #expect(jobs["retire"]?.log.contains("soaks until") == true, "\(jobs.log)")
        #expect(try place.live() == [successor])

        // Later runs go on, and ask nobody.
        let keys = { try place.sandbox.keys().count { $0["management"] == false && $0["deleted_at"] == .null } }
        for _ in 1...20 where try keys() > 1 {
            try await Task.sleep(for: .seconds(1))
            jobs = try await pipeline.run()
            all += jobs
            #expect(jobs["hold"] == nil && !jobs.isEmpty && jobs.allSatisfy { $0.status != "failed" }, "\(jobs.log)")
        }
        #expect(try keys() == 1 && place.live() == [successor], "\(jobs.log)")
        #expect(jobs["retire"]?.log.contains("finished: ") == true, "\(jobs.log)")
        // No run minted another key.
        #expect(try place.sandbox.keys().count { $0["management"] == false } == 2)

        for job in all { #expect(job.secrets == Self.secrets[job.name], "\(job.name)") }
        #expect(
            try await place.leaks(
                all.log + inGit(pipeline.store), [pipeline.store], token: pipeline.secrets.token,
                others: [pipeline.secrets.publisher, pipeline.secrets.approver]
            ).isEmpty)
    }

    @Test("what is not due is not begun by the schedule, and what is due is", arguments: [Recipe.kubernetes, .jenkins])
    func due(recipe: Recipe) async throws {
        let pipeline = try await RecipeRun(recipe)
        let keys = { try pipeline.place.sandbox.keys().count { $0["management"] == false } }
        let idle = try await pipeline.run()
        #expect(try idle["create"]?.log.contains("is at \"done\"") == true && keys() == 1, "\(idle.log)")
        let configuration = try pipeline.place.folder.read("repository/ork.yaml")
        let sooner = configuration.replacing("every: 90d", with: "every: 1s")
        try pipeline.place.folder.write(sooner, to: "repository/ork.yaml")
        let busy = try await pipeline.run()
        #expect(try busy["verify"]?.log.contains("verified: ") == true && keys() == 2, "\(busy.log)")
    }

    /// What the repository that Bitbucket's steps push to holds, in the clear.
    private func inGit(_ store: String) async throws -> String {
        guard FileManager.default.fileExists(atPath: store + "/origin.git") else { return "" }
        let objects = try await Place.run(
            "/usr/bin/git", ["-C", store + "/origin.git", "cat-file", "--batch", "--batch-all-objects"])
        #expect(objects.output.contains("ork-handoff/1"))
        return objects.output
    }
}
