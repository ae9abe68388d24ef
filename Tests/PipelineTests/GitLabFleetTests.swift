import FoundationEssentials
import JSON
import TestSupport
import Testing

@Suite("The GitLab pipeline of a fleet, run job by job")
struct GitLabFleetTests {
    private let place: Place

    init() throws {
        place = try Place()
        try place.beginFleet()
        try GitLabPipeline.copy(place)
    }

    private func configure(soak: String, publishBy: String = "30d", isBroken: Bool = false) throws {
        try place.configureFleet(
            "gitlab-variable", "project", "key", soak: soak, publishBy: publishBy, isBroken: isBroken)
    }

    private func pipeline() -> GitLabPipeline {
        var pipeline = GitLabPipeline(place)
        pipeline.component = GitLabPipeline.template("ork-fleet")
        pipeline.inputs = ["image": "any"]
        return pipeline
    }

    @Test("each rotation that is due has a pipeline and gates of its own; a later pipeline goes on, and begins nothing")
    func fleet() async throws {
        try configure(soak: "1h", isBroken: true)
        var pipeline = pipeline()
        pipeline.play = ["search:approve-retire", "checkout:approve-publish"]
        let first = try await pipeline.run()
        // One that fails stops no other, and the fleet's own pipeline waits for none: a gate is closed yet.
        #expect(first["broken:check"]?.status == "failed", "\(first.log)")
        #expect(first["ork-rotate"]?.status == "success", "\(first.log)")
        #expect(first["search:retire"]?.status == "success", "\(first.log)")
        #expect(first["checkout:approve-retire"]?.status == "manual", "\(first.log)")
        #expect(first["search:publish-rest"] == nil, "it has no waves after the first")
        #expect(!first.contains { $0.fullName.hasPrefix("idle") })
        #expect(try place.states("checkout-prod") == ["live", "live"])
        #expect(try place.states("search-prod") == ["live"] && place.states("broken-prod") == [])
        let held = try place.held("gitlab/variables", "key")
        #expect(Set(held.keys) == ["CANARY_KEY", "WEB_KEY", "SEARCH_KEY"])

        // The next one takes up the handoffs, and asks at the gate that is left.
        try configure(soak: "1h")
        pipeline.number = 2
        pipeline.play = ["checkout:approve-retire"]
        let second = try await pipeline.run()
        #expect(second["checkout:create"]?.log.contains("nothing to do here") == true, "\(second.log)")
        #expect(second["checkout:approve-retire"]?.status == "success", "\(second.log)")
        #expect(!second.contains { $0.fullName.hasPrefix("search") || $0.fullName.hasPrefix("idle") })

        #expect(second["checkout:retire"]?.code == 75, "\(second.log)")

        // It soaks, and nothing is started for it.
        pipeline.play = []
        pipeline.number = 3
        let idle = try await pipeline.run()
        #expect(idle.map(\.name) == ["ork-due", "nothing is due", "ork-rotate"], "\(idle.log)")

        // It has taken longer than its rules allow, so ork-due would supersede it; but its handoff is there.
        try configure(soak: "0s", publishBy: "1s")
        pipeline.number = 4
        let last = try await pipeline.run()
        #expect(last["supersede checkout"] != nil && last["checkout:retire"]?.code == 0, "\(last.log)")
        #expect(try place.states("checkout-prod") == ["live"])
        #expect(try place.held("gitlab/variables", "key") == held)
        let text = (first + second + idle + last).log
        #expect(try place.leaks(text, [place.artifacts.gitlab], token: place.sandbox.gitlab.token).isEmpty)
    }

    @Test("a handoff that is not there is told of; only one that was looked for is superseded, and only once")
    func lost() async throws {
        try configure(soak: "0s", publishBy: "1s")
        var pipeline = pipeline()
        pipeline.play = []
        _ = try await pipeline.run()
        #expect(try place.states("checkout-prod") == ["live", "live"])
        let keys = try place.sandbox.keys().filter { $0["name"]?.string?.hasPrefix("checkout-prod") == true }
        let successor = try #require(keys.last)

        var rotation = GitLabPipeline(place)
        rotation.play = []
        rotation.number = 2
        rotation.store = place.folder.file("empty")
        try FileManager.default.createDirectory(atPath: place.folder.file("empty"), withIntermediateDirectories: true)
        rotation.variables = ["ORK_BEGIN": "false", "ORK_DUE_ACTION": "resume"]
        let resumed = try await rotation.run()
        #expect(resumed["check"]?.status == "warning", "\(resumed.log)")
        #expect(resumed["check"]?.log.contains("no handoff of it is here") == true, "\(resumed.log)")

        // Without ORK_HANDOFF_TOKEN nobody has looked.
        rotation.variables = ["ORK_DUE_ACTION": "supersede", "ORK_DUE_KEY": successor["hash"]?.string ?? ""]
        let unseen = try await rotation.run()
        #expect(unseen["check"]?.status == "warning", "\(unseen.log)")
        #expect(try place.states("checkout-prod") == ["live", "live"])

        // Somebody else has rotated it since it was called due.
        try place.forget()
        rotation.store = nil
        rotation.variables["ORK_DUE_KEY"] = place.sandbox.predecessor.hash
        let late = try await rotation.run()
        #expect(late["create"]?.log.contains("has another key by now") == true, "\(late.log)")
        rotation.variables = ["ORK_DUE_ACTION": "rotate", "ORK_DUE_KEY": place.sandbox.predecessor.hash]
        let again = try await rotation.run()
        #expect(again["create"]?.log.contains("has another key by now") == true, "\(again.log)")
        #expect(try place.states("checkout-prod") == ["live", "live"])

        rotation.variables = ["ORK_DUE_ACTION": "supersede", "ORK_DUE_KEY": successor["hash"]?.string ?? ""]
        for _ in 1...2 {
            let superseded = try await rotation.run()
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
