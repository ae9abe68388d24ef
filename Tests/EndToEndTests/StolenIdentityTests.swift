import ChildProcesses
import FoundationEssentials
import JSON
import Rotation
import RotationFixtures
import Secrets
import TestSupport
import Testing

/// Somebody has the identity of `ork-create`, and writes the handoff that the other stages load: their `ork.yaml` counts.
@Suite(.tags(.servers)) struct StolenIdentityTests {
    /// What somebody adds to the handoff in the name of `ork-create`, and which stage is to act on it.
    struct Theft: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let detail: @Sendable (_ work: String) -> JSONObject
        var target: String?
        let program: StepName
        var words: [String] = []
        let status: Int32
        /// What its error says.
        let error: String
    }

    @Sendable private static func elsewhere(_ work: String) -> JSONObject {
        ["target": ["publisher": "file", "with": ["path": .string("\(work)/stolen"), "name": "KEY"]]]
    }

    /// A target whose program for this verb leaves a file.
    private static func program(_ verb: String, _ work: String) -> JSONObject {
        var with: JSONObject = ["publish": ["/bin/cat"]]
        with[verb] = ["/bin/sh", "-c", .string("touch \(work)/stolen")]
        return ["target": ["publisher": "command", "with": .object(with)]]
    }

    private static let thefts = [
        Theft(
            testDescription: "another target",
            detail: elsewhere, target: "stolen", program: .publish, status: 65,
            error: "targets.stolen: only in the handoff"),
        Theft(
            testDescription: "a target whose check runs a program",
            detail: { program("verify", $0) }, target: "stolen", program: .verify, status: 65,
            error: "targets.stolen: only in the handoff"),
        Theft(
            testDescription: "a target that is checked by a program",
            detail: { program("check", $0) }, target: "stolen", program: .publish, words: ["--check"], status: 0,
            error: "app: ready"),
        Theft(
            testDescription: "a target that is to be approved",
            detail: elsewhere, target: "stolen", program: .approve, status: 65,
            error: "targets.stolen: only in the handoff"),
        Theft(
            testDescription: "a probe",
            detail: { work in
                ["rules": ["verify": ["probes": [["command": ["run": ["/bin/touch", .string("\(work)/stolen")]]]]]]]
            }, program: .verify, status: 0, error: ""),
        Theft(
            testDescription: "haste",
            detail: { _ in
                ["rules": ["retire": ["overlap": "0s", "quiet_for": "0s", "soak": "0s", "accept_idle": true]]]
            }, program: .retire, status: 75, error: "both keys stay alive until"),
    ]

    @Test("what is not in a stage's ork.yaml is not done, whoever has signed for it", arguments: thefts)
    func theft(_ theft: Theft) async throws {
        let complaint = try await onOwnThread { try Self.complaint(theft) }
        #expect(complaint == nil)
    }

    private static func complaint(_ theft: Theft) throws -> String? {
        let run = try ScriptRun(Script(files: [Script.File(name: ".env", text: "KEY=@PREDECESSOR_KEY@\n")]))
        let stages = [StepName.create, .publish, .verify] + (theft.program == .approve ? [.approve] : [.retire])
        let identities = try stages.map { ($0, try Identity.generate()) }
        let trust = identities.reduce(into: JSONObject()) { trust, stage in
            trust[stage.0.rawValue] = [.string("\(stage.1.publicIdentity)")]
        }
        let plan: JSONValue = [
            "version": 1, "trust": .object(trust),
            "rotations": [
                "checkout": [
                    "predecessor": ["name": "checkout-prod"], "publish": ["settle": "0s"],
                    "targets": ["app": ["publisher": "file", "with": ["path": ".env", "name": "KEY"]]],
                ]
            ],
        ]
        try Data(plan.bytes(.pretty)).write(to: URL(filePath: run.path("ork.yaml")))
        func perform(_ step: StepName, _ words: [String] = []) throws {
            run.variables["ORK_IDENTITY"] = identities.first { $0.0 == step }?.1.text.revealed()
            try run.execute(["ork-\(step.rawValue)"] + words)
        }
        // The thief is there before the stage that is to act.
        for step in stages.prefix(while: { $0 != theft.program }) {
            try perform(step, step == .verify ? ["--keep-secret"] : [])
            guard run.ending == .exited(0) else { throw Complaint("\(step.rawValue): \(run.errors)") }
        }
        var handoff = try Handoff(parsing: Array(run.content("ork-handoff.json").utf8))
        try handoff.append(
            Entry(
                .create, .accepted, target: theft.target.flatMap(PlanName.init), message: "accepted",
                detail: theft.detail(run.work.path)), at: .now, by: identities[0].1)
        try Data(handoff.bytes(summary: .null)).write(to: URL(filePath: run.path("ork-handoff.json")))
        try perform(theft.program, theft.words)
        let isStolen = FileManager.default.fileExists(atPath: run.path("stolen"))
        guard run.ending == .exited(theft.status), run.errors.contains(theft.error), !isStolen else {
            return "\(run.ending), \(isStolen ? "stolen" : "not stolen"): \(run.errors)"
        }
        return nil
    }
}
