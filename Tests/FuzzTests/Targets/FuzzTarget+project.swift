import Configuration
import Rotation
import Steps
import Timestamps

@testable import InitCLI

extension FuzzTarget {
    /// A project that `ork-init` looks at: the first line is a file's path, the second where it is pushed to, and the rest the
    /// file. Whatever it holds, the steps read in `ork.yaml` what was meant, and nothing of a key gets there.
    static let project = FuzzTarget(
        name: "project",
        words: [
            "OPENROUTER_API_KEY=", "export ", "app = \"", "account_id: ", "\"name\": \"", "[env]\n", "sops:\n", "ENC[",
            "\n    ", ": ", "git@h.example:a/b.git\n", "https://h.example/", ".env\n", "fly.toml\n", "'", "}, ", "#",
            ".github/workflows/", "age1",
        ]
    ) { input in
        let (path, rest) = input.firstLine
        let (origin, bytes) = rest.firstLine
        let text = String(decoding: bytes, as: UTF8.self)
        let folder = ProjectFolder([path: text], origin: GitRemote(origin))
        for system in CISystem.allCases {
            let proposals = Proposal.all(in: folder, for: system, name: "OPENROUTER_API_KEY")
            let targets = Proposal.targets(proposals)
            guard !targets.isEmpty, let name = PlanName("checkout"), let every = Interval("90d") else { continue }
            try require(targets.map(\.line).allSatisfy { !$0.contains("\n") }, "a target is one line")
            let draft: DraftConfiguration
            do throws(StepError) {
                draft = try DraftConfiguration(
                    [DraftRotation(name: name, key: "checkout", targets: targets)], every: every, trust: nil)
            } catch {
                // What looks like a key in a file's own names is no name.
                try requireSilence(error.message, of: "an error")
                continue
            }
            // Digits alone are an account's or an app's as well.
            try require(
                draft.text.firstMatch(of: /sk-or-v1-[0-9a-f]{16}/) == nil, "ork.yaml holds a key: \(draft.text)")
            let plan = try ConfigurationFile(parsing: Array(draft.text.utf8), name: "ork.yaml").rotation(named: nil)
                .plan
            let read = plan.targets.map { $0.name.description }.sorted()
            try require(read == targets.map(\.name).sorted(), "every target is read")
            for target in plan.targets {
                let meant = targets.first { $0.name == target.name.description }
                try require(target.with == meant?.with, "what a target has is what was meant")
            }
        }
    }
}
