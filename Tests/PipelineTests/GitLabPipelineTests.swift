import FoundationEssentials
import HTTP
import JSON
import Secrets
import TestSupport
import Testing

@Suite("The GitLab component, run job by job", .tags(.pipelines))
struct GitLabPipelineTests {
    private let place: Place

    init() throws { place = try Place() }

    private func isOver(_ jobs: [GitLabPipeline.Job]) throws {
        #expect(jobs["retire"]?.status == "success", "\(jobs.log)")
        let live = try place.live()
        #expect(live.count == 1 && live.first != place.sandbox.predecessor.hash)
        let held = try place.held("gitlab/variables", "key")
        #expect(held == ["CANARY_KEY": live.first ?? "", "WEB_KEY": live.first ?? ""])
    }

    @Test("a whole rotation, each job with its own secrets alone", arguments: [false, true])
    func rotation(retried: Bool) async throws {
        try GitLabPipeline.prepare(place)
        var pipeline = GitLabPipeline(place)
        pipeline.retry = retried
        let jobs = try await pipeline.run()
        try isOver(jobs)
        #expect(jobs.allSatisfy { $0.status == "success" }, "\(jobs.log)")
        // A retried step mints no other key.
        #expect(try place.sandbox.keys().count { $0["management"] == false } == 2)
        let verify = try #require(jobs["verify-rest"])
        let report = "\(place.artifacts.gitlab)/\(retried ? verify.id - 1 : verify.id)/junit"
        #expect(
            FileManager.default.contents(atPath: report).map { String(decoding: $0, as: UTF8.self) }?
                .contains("<testsuite name=\"ork-verify\"") == true)
        #expect(
            try place.leaks(jobs.log, [place.artifacts.gitlab], token: place.sandbox.gitlab.token).isEmpty)
    }

    @Test("each job after the first is killed before its artifacts were saved, and run again")
    func killed() async throws {
        try GitLabPipeline.prepare(place)
        var pipeline = GitLabPipeline(place)
        pipeline.kill = [
            "publish", "verify", "approve-publish", "publish-rest", "verify-rest", "approve-retire", "retire",
        ]
        let jobs = try await pipeline.run()
        #expect(jobs.count { $0.code == 137 } == pipeline.kill.count, "\(jobs.log)")
        try isOver(jobs)
    }

    @Test("a lost new key is told of, and goes when the next pipeline supersedes it")
    func creatorKilled() async throws {
        try GitLabPipeline.prepare(place)
        var pipeline = GitLabPipeline(place)
        pipeline.kill = ["create"]
        let jobs = try await pipeline.run()
        #expect(jobs["create"]?.log.contains("--supersede") == true, "\(jobs.log)")
        #expect(jobs["publish"] == nil || jobs["publish"]?.log.contains("nothing to do here") == true)
        #expect(try place.held("gitlab/variables", "key").isEmpty)
        #expect(try place.live().contains(place.sandbox.predecessor.hash))
        pipeline.kill = []
        pipeline.number = 2
        pipeline.variables = ["ORK_SUPERSEDE": "true"]
        try isOver(try await pipeline.run())
    }

    @Test("a leaked key goes without overlap and soak, behind the same gates")
    func leaked() async throws {
        try GitLabPipeline.prepare(place, soak: "1h", overlap: "1h")
        var pipeline = GitLabPipeline(place)
        pipeline.variables = ["ORK_LEAKED": "true"]
        let jobs = try await pipeline.run()
        try isOver(jobs)
        #expect(jobs["retire"]?.log.contains("warning: --compromised: ") == true, "\(jobs.log)")
    }

    @Test("the way back is a job by hand, with secrets of its own")
    func rollback() async throws {
        try GitLabPipeline.prepare(place)
        let predecessor = place.sandbox.predecessor
        for key in ["CANARY_KEY", "WEB_KEY"] {
            let value = JSONValue.string(predecessor.key.revealed() ?? "")
            _ = try place.sandbox.control(
                .post, "gitlab/variables", ["project": "acme/web", "key": .string(key), "value": value])
        }
        var pipeline = GitLabPipeline(place)
        pipeline.play = []
        let first = try await pipeline.run()
        #expect(first["rollback"] == nil, "\(first.log)")
        let successor = try place.live().first { $0 != predecessor.hash } ?? ""
        #expect(try place.held("gitlab/variables", "key") == ["CANARY_KEY": successor, "WEB_KEY": predecessor.hash])
        pipeline.variables = ["ORK_ROLLBACK": "true", "ORK_BEGIN": "false"]
        pipeline.number = 2
        let asked = try await pipeline.run()
        #expect(asked["rollback"]?.status == "manual", "\(asked.log)")
        for name in ["create", "publish", "verify", "retire"] {
            #expect(asked[name]?.log.contains("takes the rotation checkout back") == true, "\(name): \(asked.log)")
        }
        pipeline.play = ["rollback"]
        var jobs: [GitLabPipeline.Job] = []
        for number in 3...8 where try place.live().count > 1 {
            pipeline.number = number
            jobs = try await pipeline.run()
            #expect(jobs.allSatisfy { $0.status != "failed" }, "\(jobs.log)")
        }
        #expect(jobs["rollback"]?.status == "success", "\(jobs.log)")
        #expect(try place.live() == [predecessor.hash])
        let held = try place.held("gitlab/variables", "key")
        #expect(held == ["CANARY_KEY": predecessor.hash, "WEB_KEY": predecessor.hash])
        #expect(try place.leaks(jobs.log, [place.artifacts.gitlab], token: place.sandbox.gitlab.token).isEmpty)
    }

    @Test("of two pipelines at once one goes on, and the other stops before any target changes, and says why")
    func two() async throws {
        try GitLabPipeline.prepare(place, overlap: "1h")
        let first = GitLabPipeline(place)
        var other = first
        other.number = 2
        // Neither sees what the other one leaves.
        other.ref = "topic"
        let second = other
        async let left = first.run()
        async let right = second.run()
        let both = try await [left, right]
        let losers = both.filter { $0["create"]?.status != "success" }
        #expect(losers.count == 1, "\(both[0].log)\n\(both[1].log)")
        for loser in losers {
            #expect(loser["create"]?.code == 75)
            // By what the other one has come to: a key that it still mints, or one that is made.
            let reasons = [
                "waiting: another rotation of checkout-prod", "waiting: another ork-create is minting checkout-prod",
                "waiting: another key of checkout-prod was created first",
            ]
            let log = loser["create"]?.log ?? ""
            #expect(reasons.contains { log.contains($0) }, "\(loser.log)")
            #expect(loser["create"]?.log.contains("hint: ") == true)
            #expect(loser["publish"]?.log.contains("nothing to do here") == true)
        }
        let winner = both.first { $0["create"]?.status == "success" } ?? []
        #expect(winner["verify-rest"]?.status == "success", "\(winner.log)")
        let held = try place.held("gitlab/variables", "key")
        #expect(Set(held.values).count == 1 && held.count == 2)
    }

    @Test("what is not yet so passes with a warning, and a scheduled pipeline goes on without asking again")
    func notYet() async throws {
        try GitLabPipeline.prepare(place, soak: "4s")
        var pipeline = GitLabPipeline(place)
        let jobs = try await pipeline.run()
        #expect(jobs["retire"]?.status == "warning" && jobs["retire"]?.code == 75, "\(jobs.log)")
        pipeline.play = []
        pipeline.variables = ["ORK_BEGIN": "false"]
        for number in 2...20 where try place.live().count + place.disabled() > 1 {
            pipeline.number = number
            let later = try await pipeline.run()
            #expect(later["approve-retire"]?.status == "manual")
            #expect(later.allSatisfy { $0.status != "failed" }, "\(later.log)")
        }
        #expect(try place.live().count + place.disabled() == 1)
        // Finished: a pipeline that is only to go on begins nothing.
        pipeline.number = 21
        let idle = try await pipeline.run()
        #expect(idle["create"]?.log.contains("is at \"done\"") == true, "\(idle.log)")
        // In a fleet it was called begun, and the handoff of before is not the one that is missed.
        pipeline.number = 22
        pipeline.variables["ORK_DUE_ACTION"] = "resume"
        let missed = try await pipeline.run()
        #expect(missed["check"]?.code == 75, "\(missed.log)")
        #expect(missed["check"]?.log.contains("its handoff is not here") == true)
        #expect(try place.sandbox.keys().count { $0["management"] == false } == 2)
        // It said how a new rotation begins, and so it does.
        pipeline.number = 23
        pipeline.variables["ORK_SUPERSEDE"] = "true"
        let anew = try await pipeline.run()
        #expect(anew["check"]?.code == 0 && anew["create"]?.code == 0, "\(anew.log)")
        #expect(try place.sandbox.keys().count { $0["management"] == false } == 3)
    }

    @Test("without the gates nothing but the first wave is written")
    func gates() async throws {
        try GitLabPipeline.prepare(place)
        var pipeline = GitLabPipeline(place)
        pipeline.play = []
        for begin in ["true", "false"] {
            pipeline.variables = ["ORK_BEGIN": begin]
            let jobs = try await pipeline.run()
            #expect(jobs.allSatisfy { $0.status != "failed" }, "\(jobs.log)")
            #expect(try Array(place.held("gitlab/variables", "key").keys) == ["CANARY_KEY"])
            #expect(try place.live().contains(place.sandbox.predecessor.hash))
            pipeline.number += 1
        }
    }

    @Test("a job of an older rotation that is run again is refused, and changes nothing")
    func older() async throws {
        try GitLabPipeline.prepare(place, overlap: "1h")
        var pipeline = GitLabPipeline(place)
        pipeline.play = []
        _ = try await pipeline.run()
        var newer = pipeline
        newer.number = 2
        newer.play = ["approve-publish"]
        newer.variables = ["ORK_SUPERSEDE": "true"]
        _ = try await newer.run()
        let before = try place.held("gitlab/variables", "key")
        #expect(before.count == 2)
        for job in ["publish", "verify", "approve-publish", "approve-retire"] {
            pipeline.only = [job]
            pipeline.play = [job]
            let again = try await pipeline.run()
            #expect(again[job]?.code == 65, "\(again.log)")
            #expect(again[job]?.log.contains("has begun since") == true, "\(again.log)")
        }
        // Nor does a gate of a pipeline in which no rotation was named.
        pipeline.number = 3
        let lone = try await pipeline.run()
        #expect(lone["approve-retire"]?.log.contains("is at \"none\"") == true, "\(lone.log)")
        #expect(try place.held("gitlab/variables", "key") == before)
        #expect(try place.live().count == 3)
    }

    @Test("a create that is run again begins no other rotation, and supersedes none that it began itself")
    func createAgain() async throws {
        try GitLabPipeline.prepare(place)
        var pipeline = GitLabPipeline(place)
        try isOver(try await pipeline.run())
        pipeline.only = ["create"]
        let again = try await pipeline.run()
        #expect(again["create"]?.code == 65, "\(again.log)")
        #expect(again["create"]?.log.contains("has begun and finished since this pipeline looked") == true)

        pipeline.number = 2
        pipeline.only = ["check", "create"]
        pipeline.retry = true
        pipeline.variables = ["ORK_SUPERSEDE": "true"]
        let superseding = try await pipeline.run()
        #expect(superseding.count { $0.name == "create" && $0.code == 0 } == 2, "\(superseding.log)")
        #expect(try place.sandbox.keys().count { $0["management"] == false } == 3)
    }

    @Test("a deployment that failed is run again by a later pipeline, until what was published is verified")
    func deployment() async throws {
        try GitLabPipeline.prepare(place, soak: "1h", waves: 1)
        var pipeline = GitLabPipeline(place)
        let log = place.folder.file("deployed")
        let works = place.folder.file("works")
        pipeline.inputs = [
            "rotation": "checkout", "image": .string(GitLabPipeline.image),
            "deploy": [.string("echo done >>\(log)"), .string("[ -e \(works) ]")],
        ]
        let failed = try await pipeline.run()
        #expect(failed["deploy"]?.status == "failed" && failed["verify"] == nil, "\(failed.log)")
        try place.folder.write("", to: "works")
        pipeline.variables = ["ORK_BEGIN": "false"]
        pipeline.play = ["approve-retire"]
        for number in 2...3 {
            pipeline.number = number
            let later = try await pipeline.run()
            #expect(later["deploy"]?.code == 0 && later["retire"]?.code == 75, "\(later.log)")
            #expect(try place.folder.read("deployed") == "done\ndone\n", "\(later.log)")
        }
    }

    @Test("handoffs of another branch are not believed, and those that may not be read are not taken for lost")
    func others() async throws {
        try GitLabPipeline.prepare(place, overlap: "1h")
        var pipeline = GitLabPipeline(place)
        pipeline.ref = "topic"
        pipeline.play = []
        _ = try await pipeline.run()
        pipeline.ref = "main"
        pipeline.number = 2
        let other = try await pipeline.run()
        #expect(other["create"]?.code == 75, "\(other.log)")
        pipeline.ref = "topic"
        pipeline.number = 3
        pipeline.variables = ["ORK_HANDOFF_TOKEN": "job-lister", "ORK_DUE_ACTION": "supersede"]
        let refused = try await pipeline.run()
        #expect(refused["check"]?.code == 69 && refused["create"] == nil, "\(refused.log)")
        #expect(refused["check"]?.log.contains("an earlier handoff cannot be loaded: status 403") == true)
    }
}

extension Place {
    /// How many keys are disabled and not yet deleted.
    fileprivate func disabled() throws -> Int {
        try sandbox.keys().count { $0["disabled"] == true && $0["deleted_at"] == .null }
    }
}
