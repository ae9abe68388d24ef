import FoundationEssentials
import JSON
import Secrets
import TestSupport
import Testing

@Suite("The recipes for other systems, run job by job", .tags(.pipelines))
struct RecipeTests {
    /// The secrets of each job, and no other.
    private static let secrets = [
        "check": ["ORK_IDENTITY", "TARGET_TOKEN"], "publish": ["ORK_IDENTITY", "TARGET_TOKEN"],
        "verify": ["ORK_IDENTITY", "TARGET_TOKEN"], "create": ["OPENROUTER_MANAGEMENT_KEY", "ORK_IDENTITY"],
        "retire": ["OPENROUTER_MANAGEMENT_KEY", "ORK_IDENTITY"], "approve": ["ORK_IDENTITY"], "hold": [],
        "load": [],
    ]

    @Test(
        "a whole rotation: jobs that fail and die, the gate closed and opened, not yet, and on without asking again",
        arguments: Recipe.allCases)
    func rotation(recipe: Recipe) async throws {
        let pipeline = try await RecipeRun(recipe)
        let place = pipeline.place
        let predecessor = place.sandbox.predecessor.hash
        // The handoff of a job that failed is not lost; nor is what a job did whose handoff is; and a run that saved
        // nothing hides no handoff, where the next one looks for runs.
        var all = try await pipeline.run(begin: true, fail: "create", kill: "publish")
        if recipe == .kubernetes { all += try await pipeline.run(kill: "publish") }
        // What failed there is not run again by itself: it would find what the cache had when the workflow began.
        if recipe == .circleci { all += try await pipeline.run(begin: true, kill: "publish") }
        if recipe == .azure || recipe == .jenkins { all += try await pipeline.run(kill: "check") }
        #expect(all.contains { $0.name == "create" && $0.status == "failed" }, "\(all.log)")
        #expect(all.last?.code == 137, "\(all.log)")
        // The gate is closed: both keys live, and the targets hold the new one.
        var jobs = try await pipeline.run(begin: recipe.asksOnlyWhenBegun)
        all += jobs
        #expect(jobs["verify"]?.status == "success", "\(jobs.log)")
        let successor = try #require(try place.live().first { $0 != predecessor })
        #expect(try Set(place.live()) == [successor, predecessor], "\(jobs.log)")
        #expect(try place.held("gitlab/variables", "key") == ["CANARY_KEY": successor, "WEB_KEY": successor])
        #expect(jobs["hold"]?.status == (recipe == .kubernetes ? nil : "closed"))

        // The gate is opened, and the predecessor soaks.
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

        // One whose machine was lost had not come to all of them.
        for job in all where job.code != 137 { #expect(job.secrets == Self.secrets[job.name], "\(job.name)") }
        #expect(
            try await place.leaks(
                all.log + inGit(pipeline.store), [pipeline.store], token: pipeline.secrets.token
            ).isEmpty)
    }

    @Test("the schedule begins what is due and nothing else, and only what was looked at is approved")
    func dueAndLookedAt() async throws {
        let pipeline = try await RecipeRun(.kubernetes)
        let place = pipeline.place
        let keys = { try place.sandbox.keys().count { $0["management"] == false } }
        var jobs = try await pipeline.run()
        #expect(try jobs["create"]?.log.contains("is at \"done\"") == true && keys() == 1, "\(jobs.log)")
        let configuration = try place.folder.read("repository/ork.yaml")
        try place.folder.write(
            configuration.replacing("every: 90d", with: "every: 1s"), to: "repository/ork.yaml")
        jobs = try await pipeline.run()
        #expect(try jobs["verify"]?.log.contains("verified: ") == true && keys() == 2, "\(jobs.log)")
        // Something else has been recorded since.
        let report = try place.folder.read("store/ork-checkout/job.report")
        let other = "sha256:" + String(repeating: "0", count: 64)
        try place.folder.write(report.replacing(/sha256:[0-9a-f]+/, with: other), to: "store/ork-checkout/job.report")
        jobs = try await pipeline.run(approve: true)
        #expect(jobs["approve"]?.code == 65 && jobs.count == 1, "\(jobs.log)")
        // Nobody says what was looked at.
        try place.folder.write(report.replacing(/"head":"[^"]+",/, with: ""), to: "store/ork-checkout/job.report")
        jobs = try await pipeline.run(approve: true)
        #expect(jobs["approve"]?.code == 65 && jobs.count == 1, "\(jobs.log)")
        #expect(try place.live().count == 2)
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
