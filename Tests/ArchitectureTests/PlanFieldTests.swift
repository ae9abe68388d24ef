import Rotation
import TestSupport
import Testing

/// A field of the plan is described in one place: its section's table.
@Suite(.tags(.processes)) struct PlanFieldTests {
    /// The programs that take the flags of a part of the plan.
    private static let programs: [String: [String]] = [
        "predecessor": ["ork-create"], "workspace": ["ork-create"], "successor": ["ork-create"],
        "targets": ["ork-create", "ork-publish"], "publish": ["ork-create", "ork-publish"],
        "verify": ["ork-create", "ork-verify", "ork-retire", "ork-rollback"],
        "retire": ["ork-create", "ork-retire", "ork-rollback"],
        "due": ["ork-due"],
    ]

    @Test("--help of each program that takes a part of the plan lists all its flags")
    func help() async throws {
        let help = try await Help.all()
        for flag in Plan.flags + DueRules.flags {
            let programs = try #require(Self.programs[flag.path[0]], "\(flag.path)")
            for program in programs {
                #expect(try #require(help[program]).options.contains("--" + flag.name), "\(program) --\(flag.name)")
            }
        }
        for (program, flag) in [("ork-verify", "overlap"), ("ork-publish", "probe"), ("ork-status", "settle")] {
            #expect(try #require(help[program]).options.contains("--" + flag) == false)
        }
    }

    @Test(
        "a field stands in its table and where it is used, and nowhere else",
        arguments: [
            (
                "quiet_for", "quietFor",
                [
                    "RetireStep+quiet.swift", "CreateStep+lifetime.swift", "DueJudgement+begun.swift",
                    "NextCommand.swift",
                ]
            ),
            (
                "accept_idle", "acceptsIdle",
                ["RetireStep+permission.swift", "RetireStep+quiet.swift", "RollbackStep+successor.swift"]
            ),
            ("accept_new_targets", "acceptsNewTargets", ["State+held.swift"]),
            ("valid_for", "validFor", ["Progress.swift", "RetireStep+targets.swift", "CreateStep+lifetime.swift"]),
            ("before_expiry", "beforeExpiry", ["DueJudgement.swift"]),
        ])
    func places(key: String, property: String, users: [String]) throws {
        var keys: Set<String> = []
        var uses: Set<String> = []
        for file in try SourceTree.files(in: ["Sources", "plugins"]) where file.name.hasSuffix(".swift") {
            let text = try file.text()
            if text.contains("\"\(key)\"") { keys.insert(file.name) }
            if text.contains(property) { uses.insert(file.name) }
        }
        #expect(keys == ["PlanRules.swift"])
        #expect(uses == Set(users + ["PlanRules.swift"]))
    }
}
