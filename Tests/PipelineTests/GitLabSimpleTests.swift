import JSON
import TestSupport
import Testing

@Suite("GitLab's component of one job", .tags(.pipelines)) struct GitLabSimpleTests {
    @Test("the schedule begins what is due, later pipelines retire, and a lost machine costs no key")
    func rotation() async throws {
        let place = try Place()
        try place.configure("gitlab-variable", "project", "key", soak: "1h", more: "    due: {every: 12h}\n")
        var pipeline = GitLabPipeline(place)
        pipeline.component = GitLabPipeline.template("ork-simple")
        pipeline.inputs = ["rotation": "checkout", "image": .string(GitLabPipeline.image)]
        pipeline.variables = ["CI_PIPELINE_SOURCE": "schedule"]
        let first = try await pipeline.run()
        #expect(first["rotate"]?.code == 75 && first["rotate"]?.status == "warning", "\(first.log)")
        #expect(first.log.contains("ork-retire: waiting: "), "\(first.log)")

        // What it has recorded may be lost with its machine: it is seen again.
        pipeline.number = 2
        pipeline.kill = ["rotate"]
        let again = try await pipeline.run()
        #expect(again.count == 2 && again.last?.code == 75, "\(again.log)")
        pipeline.kill = []

        let plan = try place.folder.read("repository/ork.yaml")
        try place.folder.write(plan.replacing("soak: 1h", with: "soak: 0s"), to: "repository/ork.yaml")
        pipeline.number = 3
        let last = try await pipeline.run()
        #expect(last["rotate"]?.code == 0 && last.log.contains("finished: "), "\(last.log)")
        let live = try place.live()
        #expect(live.count == 1 && live.first != place.sandbox.predecessor.hash)
        #expect(
            try place.held("gitlab/variables", "key") == ["CANARY_KEY": live.first ?? "", "WEB_KEY": live.first ?? ""])

        // Nothing is due any more.
        pipeline.number = 4
        let idle = try await pipeline.run()
        #expect(idle["rotate"]?.code == 0 && idle.log.contains("nothing to do here"), "\(idle.log)")
        #expect(try place.live() == live)
        let logs = first.log + again.log + last.log + idle.log
        #expect(try place.leaks(logs, [place.artifacts.gitlab], token: place.sandbox.gitlab.token).isEmpty)
    }
}
