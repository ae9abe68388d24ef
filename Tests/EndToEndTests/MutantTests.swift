import ChildProcesses
import FoundationEssentials
import Rotation
import RotationFixtures
import Secrets
import TestSupport
import Testing

/// One mutant of each kind before the real programs; `StepsTests` tries 2,000 on the steps themselves.
@Suite(.tags(.servers)) struct MutantTests {
    @Test("the programs refuse mutants of a handoff as the steps do, and change nothing", .timeLimit(.minutes(2)))
    func mutants() async throws {
        let complaints = try await onOwnThread { try Self.complaints() }
        #expect(complaints == [])
    }

    private static func complaints() throws -> [String] {
        let run = try ScriptRun(Script(files: [Script.File(name: ".env", text: "KEY=@PREDECESSOR_KEY@\n")]))
        var identities: [StepName: Identity] = [:]
        for step in StepName.allCases {
            let identity = try Identity.generate()
            identities[step] = identity
            try Data((identity.text.copyBytes())).write(to: URL(filePath: run.path("\(step.rawValue).id")))
            // Whoever leaves the folder open to others is told so.
            try run.perform(["chmod", "600", "\(step.rawValue).id"])
        }
        let trust = identities.flatMap { ["--trust", "\($0.key.rawValue)=\($0.value.publicIdentity)"] }
        func perform(_ step: StepName, _ words: [String]) throws {
            run.variables["ORK_IDENTITY_FILE"] = "\(step.rawValue).id"
            try run.execute(["ork-\(step.rawValue)"] + words + trust)
        }
        let target = ["--to", "file:path=.env,name=KEY", "--settle", "0s"]
        try perform(.create, ["--predecessor", "none", "--name", "other", "--handoff", "other.json"] + target)
        try perform(.create, ["--predecessor", "name=checkout-prod"] + target)
        try perform(.publish, [])
        try perform(.verify, ["--keep-secret"])
        guard run.ending == .exited(0) else { throw Complaint(run.errors) }

        let source = try HandoffSource(
            bytes: Array(run.content("ork-handoff.json").utf8), other: Array(run.content("other.json").utf8),
            identities: identities, stranger: .generate())
        let environment = try run.content(".env")
        try run.performSandbox("sandbox-keys", [])
        let keys = run.output
        var complaints: [String] = []
        for (number, mutation) in HandoffMutation.allCases.enumerated() {
            var random = SplitMix64(seed: UInt64(number))
            guard let mutant = try source.mutant(mutation, using: &random) else {
                complaints.append("\(mutation.rawValue): no mutant")
                continue
            }
            try Data(mutant).write(to: URL(filePath: run.path("mutant.json")))
            var statuses: Set<Int32> = []
            for (step, words) in [
                (StepName.publish, ["--accept-target", "file"]), (.retire, ["--overlap", "0s", "--accept-idle"]),
            ] {
                try perform(step, ["--dry-run", "--handoff", "mutant.json"] + words)
                if case .exited(let status) = run.ending { statuses.insert(status) }
            }
            try run.execute(["ork-status", "--handoff", "mutant.json"] + trust)
            if case .exited(let status) = run.ending { statuses.insert(status) }
            // What cannot be seen from one place alone is refused where the box is opened.
            let isAsExpected =
                switch mutation.fate {
                case .refused: statuses == [65]
                case .harmless: !statuses.contains(65)
                case .mostlyRefused, .either: statuses.isSubset(of: [0, 65, 75])
                }
            if !isAsExpected { complaints.append("\(mutation.rawValue): \(statuses.sorted()) \(run.errors)") }
        }
        try run.performSandbox("sandbox-keys", [])
        if run.output != keys { complaints.append("keys were changed: \(run.output)") }
        if try run.content(".env") != environment { complaints.append("the target was written") }
        return complaints
    }
}
