import FoundationEssentials
import HTTP
import JSON
import Secrets
import TestSupport
import Testing

@Suite("rotate.sh, by hand and from cron", .tags(.pipelines))
struct RotateScriptTests {
    private let place: Place

    init() throws { place = try Place() }

    private func rotate(
        _ variables: [String: String], _ arguments: [String] = [], answers: String = ""
    ) async throws -> (succeeded: Bool, output: String) {
        let all = [
            "HOME": place.folder.file("home"), "ORK_IDENTITY": place.manager.revealed() ?? "",
            "OPENROUTER_BASE_URL": place.sandbox.url, "CI_API_V4_URL": place.address + "/gitlab/api/v4",
            "OPENROUTER_MANAGEMENT_KEY": place.sandbox.managementKey.revealed() ?? "",
            "TARGET_TOKEN": place.sandbox.gitlab.token.revealed() ?? "",
        ]
        return try await Place.run(
            BuiltProduct.repository + "/ci-templates/shell/rotate.sh", arguments, in: place.folder.file("repository"),
            environment: all.merging(variables) { $1 }, input: answers)
    }

    private func minted() throws -> Int { try place.sandbox.keys().count { $0["management"] == false } - 1 }

    @Test("a gate stays closed without a yes, and is opened by one")
    func gates() async throws {
        try place.configure("gitlab-variable", "project", "key")
        let mistyped = try await rotate(["ORK_GATES": "yes"])
        #expect(!mistyped.succeeded && mistyped.output.contains("error: ORK_GATES is "), "\(mistyped.output)")
        #expect(try minted() == 0)
        for answers in ["", "n\n"] {
            let closed = try await rotate(["ORK_GATES": "ask"], answers: answers)
            #expect(!closed.succeeded && closed.output.contains("not approved"), "\(closed.output)")
            #expect(try Array(place.held("gitlab/variables", "key").keys) == ["CANARY_KEY"])
        }
        let opened = try await rotate(["ORK_GATES": "ask"], answers: "y\nyes\n")
        #expect(opened.succeeded && opened.output.contains("finished: "), "\(opened.output)")
        #expect(try minted() == 1 && place.live().count == 1)
    }

    @Test("a leaked key is replaced in one go, after its plan is told")
    func leaked() async throws {
        try place.configure("gitlab-variable", "project", "key")
        let mistyped = try await rotate([:], ["--compromized"])
        #expect(!mistyped.succeeded && mistyped.output.contains("the options are --compromised, --rollback and --help"))
        let closed = try await rotate(["ORK_GATES": "ask"], ["--compromised"], answers: "n\n")
        #expect(!closed.succeeded && closed.output.contains("the plan for a key that has leaked:"), "\(closed.output)")
        #expect(try minted() == 0)
        let run = try await rotate([:], ["--compromised"])
        let parts = run.output.split(separator: "the plan for a key that has leaked:")
        #expect(run.succeeded && parts.count == 2, "\(run.output)")
        #expect(parts.last?.contains("the leaked key is gone, ") == true)
        #expect(try minted() == 1 && place.live().count == 1)
    }

    @Test("after a rotation was taken back cron begins no other, and a person does")
    func takenBack() async throws {
        try place.configure("gitlab-variable", "project", "key", more: "    due: {every: 1s}")
        let value = JSONValue.string(place.sandbox.predecessor.key.revealed() ?? "")
        for key in ["CANARY_KEY", "WEB_KEY"] {
            _ = try place.sandbox.control(
                .post, "gitlab/variables", ["project": "acme/web", "key": .string(key), "value": value])
        }
        let closed = try await rotate(["ORK_GATES": "ask"], answers: "y\nn\n")
        #expect(!closed.succeeded && closed.output.contains("not approved"), "\(closed.output)")
        let back = try await rotate([:], ["--rollback"])
        #expect(back.succeeded && back.output.contains("rolled back: "), "\(back.output)")
        let cron = try await rotate(["ORK_BEGIN": "due"])
        #expect(!cron.succeeded && cron.output.contains("the last rotation was taken back"), "\(cron.output)")
        let plan = try place.folder.read("repository/ork.yaml")
        try place.folder.write(plan.replacing("every: 1s", with: "every: 90d"), to: "repository/ork.yaml")
        let idle = try await rotate(["ORK_BEGIN": "due"])
        #expect(idle.succeeded && idle.output.hasSuffix("rotate.sh: nothing is due\n"), "\(idle.output)")
        #expect(try minted() == 1)
        let person = try await rotate([:])
        #expect(person.succeeded && person.output.contains("finished: "), "\(person.output)")
        #expect(try minted() == 2 && place.live().count == 1)
    }

    @Test("from cron a rotation begins when it is due, and the finished handoff stays")
    func cron() async throws {
        let variables = ["ORK_ROTATION": "checkout", "ORK_BEGIN": "due"]
        for (every, isDue) in [("90d", false), ("1s", true), ("90d", false)] {
            try place.configure("gitlab-variable", "project", "key", more: "    due: {every: \(every)}")
            let before = try minted()
            let run = try await rotate(variables)
            #expect(run.succeeded && run.output.contains(isDue ? "finished: " : "nothing is due"), "\(run.output)")
            #expect(try minted() == before + (isDue ? 1 : 0))
        }
        let kept = try FileManager.default.contentsOfDirectory(atPath: place.folder.file("repository"))
        #expect(kept.count { $0.wholeMatch(of: /ork-handoff\.checkout\.\d{8}T\d{6}Z\.json/) != nil } == 1, "\(kept)")
    }
}
