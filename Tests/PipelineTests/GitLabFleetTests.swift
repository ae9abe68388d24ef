import FoundationEssentials
import JSON
import Secrets
import TestSupport
import Testing

@Suite("The GitLab pipeline of a fleet, run job by job", .tags(.pipelines))
struct GitLabFleetTests {
    private let place: Place

    init() throws {
        place = try Place()
        try place.beginFleet()
        try GitLabPipeline.copy(place)
    }

    private func configure(soak: String, publishBy: String = "30d", isBroken: Bool = false) throws {
        try place.configureFleet(
            "gitlab-variable", "project", "key", soak: soak, publishBy: publishBy, isBroken: isBroken,
            more: place.trust)
    }

    private func pipeline() -> GitLabPipeline {
        var pipeline = GitLabPipeline(place)
        pipeline.component = GitLabPipeline.template("ork-fleet")
        pipeline.inputs = ["image": .string(GitLabPipeline.image)]
        return pipeline
    }

    @Test("each rotation that is due has a pipeline and gates of its own; a later pipeline goes on, and begins nothing")
    func fleet() async throws {
        try configure(soak: "1h", isBroken: true)
        var pipeline = pipeline()
        pipeline.play = ["search:approve-retire", "checkout:approve-publish", "checkout:approve-retire"]
        let first = try await pipeline.run()
        // One that fails stops no other, and does not fail the pipeline that started it.
        #expect(first["broken:check"]?.status == "failed" && first["broken:create"] == nil, "\(first.log)")
        #expect(first["ork-rotate"]?.status == "success", "\(first.log)")
        #expect(first["search:retire"]?.status == "success", "\(first.log)")
        #expect(first["search:publish-rest"] == nil, "it has no waves after the first")
        #expect(first["checkout:retire"]?.code == 75, "\(first.log)")
        #expect(!first.contains { $0.fullName.hasPrefix("idle") })
        #expect(try place.states("checkout-prod") == ["disabled", "live"])
        #expect(try place.states("search-prod") == ["live"] && place.states("broken-prod") == [])
        let held = try place.held("gitlab/variables", "key")
        #expect(Set(held.keys) == ["CANARY_KEY", "WEB_KEY", "SEARCH_KEY"])

        // It soaks, and nothing is started for it.
        try configure(soak: "1h")
        pipeline.play = []
        pipeline.number = 2
        let idle = try await pipeline.run()
        #expect(idle.map(\.name) == ["ork-due", "nothing is due", "ork-rotate"], "\(idle.log)")

        // Its time has come: the handoff is found, and nobody is asked again.
        try configure(soak: "0s")
        pipeline.number = 3
        let last = try await pipeline.run()
        #expect(last["resume checkout"] != nil && last["checkout:retire"]?.code == 0, "\(last.log)")
        #expect(last["checkout:approve-retire"]?.status == "manual")
        #expect(!last.contains { $0.fullName.hasPrefix("search") || $0.fullName.hasPrefix("idle") })
        #expect(try place.states("checkout-prod") == ["live"])
        #expect(try place.held("gitlab/variables", "key") == held)
        let text = (first + idle + last).log
        #expect(try place.leaks(text, [place.artifacts.gitlab], token: place.sandbox.gitlab.token).isEmpty)
    }

    @Test("only a handoff that was looked for and is not there is superseded, and nothing is begun twice")
    func lost() async throws {
        try configure(soak: "1h")
        var rotation = GitLabPipeline(place)
        func run(_ action: String, _ key: String) async throws -> [GitLabPipeline.Job] {
            rotation.number += 1
            rotation.variables = ["ORK_DUE_ACTION": action, "ORK_DUE_KEY": key, "ORK_BEGIN": "\(action != "resume")"]
            return try await rotation.run()
        }
        rotation.only = ["check", "create"]
        _ = try await run("rotate", place.sandbox.predecessor.hash)
        let keys = try place.sandbox.keys().filter { $0["name"]?.string?.hasPrefix("checkout-prod ") == true }
        let successor = try #require(keys.last?["hash"]?.string)
        #expect(try place.states("checkout-prod") == ["live", "live"])

        // The handoff is there: gone on with, whatever ork-due has said without having seen it.
        for action in ["rotate", "supersede"] {
            let there = try await run(action, successor)
            #expect(there["create"]?.log.contains("is at \"publish\"") == true, "\(there.log)")
        }
        // Nobody may look for it: nothing is taken for lost.
        rotation.hasToken = false
        let unseen = try await run("supersede", successor)
        #expect(unseen["check"]?.code == 77 && unseen["create"]?.code == 77, "\(unseen.log)")
        #expect(unseen["check"]?.log.contains("ORK_HANDOFF_TOKEN is not set") == true, "\(unseen.log)")
        rotation.hasToken = true
        // It is lost, and what only goes on begins nothing.
        try place.forget()
        let resumed = try await run("resume", successor)
        #expect(resumed["check"]?.status == "warning", "\(resumed.log)")
        #expect(resumed["check"]?.log.contains("its handoff is not here") == true, "\(resumed.log)")
        #expect(resumed["create"]?.log.contains("is at \"done\"") == true, "\(resumed.log)")
        // It is lost, but another run has rotated the key since it was called due.
        for action in ["rotate", "supersede"] {
            let late = try await run(action, place.sandbox.predecessor.hash)
            #expect(late["create"]?.log.contains("has had its key changed") == true, "\(late.log)")
        }
        #expect(try place.states("checkout-prod") == ["live", "live"])
        // It is lost: superseded, once.
        for _ in 1...2 {
            let superseded = try await run("supersede", successor)
            #expect(superseded["create"]?.status == "success", "\(superseded.log)")
            #expect(try place.states("checkout-prod") == ["live", "live", "live"], "\(superseded.log)")
        }
    }

    @Test("GitLab's published schema holds for what ork-due writes, and for one rotation with all that it includes")
    func schema() async throws {
        try configure(soak: "1h")
        let merged: JSONValue = [
            "component": .string(place.folder.file("repository/.gitlab/ork-rotation.yml")), "store": "/",
            "print": "merged", "repository": .string(place.folder.file("repository")),
            "inputs": ["rotation": "checkout", "later_waves": true],
        ]
        let rotation = try await Place.run(
            Python.interpreter(), ["-B", Python.file("Python/gitlab.py")], input: merged.text())
        let child = try await Place.run(
            BuiltProduct.path("ork-due"), ["--gitlab", "--config", place.folder.file("repository/ork.yaml")],
            environment: [
                "OPENROUTER_BASE_URL": place.sandbox.url,
                "OPENROUTER_MANAGEMENT_KEY": place.sandbox.managementKey.revealed() ?? "",
            ])
        #expect(rotation.output.contains("checkout:retire:") && child.output.contains("\"rotate checkout\":"))
        let pipeline = child.output.split(separator: "\n").filter { !$0.hasPrefix("ork-due") }.joined(separator: "\n")
        let check = try await GitLabPipeline.check([
            try place.folder.write(rotation.output, to: "rotation.yml"),
            try place.folder.write(pipeline + "\n", to: "child.yml"),
        ])
        #expect(check.succeeded, "\(check.output)")
    }
}

extension Place {
    /// Loses everything that GitLab keeps.
    fileprivate func forget() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: artifacts.gitlab) {
            try FileManager.default.removeItem(atPath: "\(artifacts.gitlab)/\(name)")
        }
    }
}
