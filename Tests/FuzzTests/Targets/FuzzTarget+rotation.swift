import Configuration
import JSON
import Rotation
import Secrets
import TestSupport

extension FuzzTarget {
    /// The handoff: what is read is written so that it reads the same, and is joined with itself without a change.
    static let handoff = FuzzTarget(
        name: "handoff",
        examples: ["RotationTests/Fixtures/handoff-v1.json"].map { "Tests/" + $0 }
            + ["accepted", "created", "finished", "parallel", "published", "retiring", "verified"].map {
                "Tests/EndToEndTests/Fixtures/\($0)/handoff.json"
            },
        words: [
            "\"records\":", "\"sealed\":", "\"after\":", "\"event\":", "\"detail\":", "\"step\":", "\"signature\":",
            "\"at\":", "\"2026-11-23T03:04:05Z\"", "ork-handoff/1", "ork-public-1:", "sha256:", "\"verified\"",
        ]
    ) { bytes in
        var handoff: Handoff
        do throws(HandoffError) { handoff = try Handoff(parsing: bytes) } catch {
            return try requireSilence(error.message + (error.hint ?? ""), of: "an error of the handoff")
        }
        let written = handoff.bytes(summary: .null)
        try require((try? Handoff(parsing: written)) == handoff, "what is written reads the same")
        try require(handoff.covers(handoff), "a handoff covers itself")
        let before = handoff.records
        do throws(HandoffError) { try handoff.merge(handoff) } catch {
            throw BrokenProperty(description: "a handoff is not joined with itself: \(error.message)")
        }
        try require(handoff.records == before, "a handoff joined with itself has the same records")
        do throws(HandoffError) {
            let state = try State(handoff, trust: nil)
            _ = state.summary.bytes()
        } catch {
            try requireSilence(error.message + (error.hint ?? ""), of: "an error of the records")
        }
    }

    /// `ork.yaml`: no error quotes it, and a plan that is read of it is the same in the handoff.
    static let plan = FuzzTarget(
        name: "plan",
        words: [
            "version: 1\n", "rotations:\n", "  checkout:\n", "    predecessor: {name: a}\n", "    targets:\n",
            "      web: {publisher: file, with: {path: .env, name: K}}\n", "for_each: {a: [1, 2]}", "&a ", "*a", "<<: ",
            "!!binary ", "|\n", ">-\n", "? ", "- ", "---\n", "...\n", "defaults: {}\n", "retire: {soak: 1h}",
        ]
    ) { bytes in
        let (file, problems) = ConfigurationFile.readingAll(bytes, name: "ork.yaml")
        for problem in problems { try requireSilence(problem.description, of: "a problem") }
        do {
            let strict = try ConfigurationFile(parsing: bytes, name: "ork.yaml")
            try require(problems.isEmpty, "what is read whole has no problems")
            try require(file?.rotations.map(\.plan) == strict.rotations.map(\.plan), "both ways read the same")
        } catch let error as ConfigurationError {
            try require(!problems.isEmpty, "what is refused has a problem")
            try requireSilence(error.description, of: "a refusal")
        }
        for rotation in file?.rotations ?? [] {
            let json = rotation.plan.json
            try require((try? Plan(json, unknownKeys: .ignored)) == rotation.plan, "a plan is read as it is written")
            try require((try? JSONValue(parsing: json.bytes(), numbers: .integers)) == json, "a plan is JSON")
        }
    }
}
