import ChildProcesses
import Configuration
import FoundationEssentials
package import HTTP
import PublisherHosting
import Rotation
import Secrets
package import StepCLI
package import Steps
import Wording

/// What `ork-init --check` does: tells what a setup still lacks, and what could not be looked at. It changes nothing.
package struct SetupCheck {
    private let system: CISystem
    private let folder = ProjectFolder()
    private let environment: StepEnvironment
    private let transport: any HTTPTransport

    package init(_ system: CISystem?, _ environment: StepEnvironment, over transport: any HTTPTransport) {
        self.system = system ?? CISystem.setUp(in: folder)
        self.environment = environment
        self.transport = transport
    }

    /// Prints a line for each thing that was looked at, and fails if anything is missing.
    package func run() throws(StepError) {
        let findings = findings()
        Console.print(findings.map(\.line).joined(separator: "\n"))
        let missing = findings.filter { $0.verdict == .missing }.count
        guard missing == 0 else {
            throw StepError(.unacceptable, Counted(missing, "thing").with("is missing", "are missing"))
        }
    }

    /// All that there is to tell.
    func findings() -> [Finding] {
        let configuration: ConfigurationFile
        do { configuration = try ConfigurationFile.load(DraftConfiguration.file) } catch {
            return [Finding(.missing, "\(error.message)\(error.hint.map { "; \($0)" } ?? "")")]
        }
        let rotations = configuration.rotations
        let targets = rotations.flatMap(\.plan.targets)
        var findings = [
            Finding(.there, "ork.yaml: \(Counted(rotations.count, "rotation")), \(Counted(targets.count, "target"))")
        ]
        let variables = Set(targets.flatMap { $0.environment.values.map(\.description) }).sorted()
        switch system {
        case .github: findings += gitHub(rotations, variables)
        case .gitlab: findings += gitLab(rotations, variables)
        case .cron: findings += cron(rotations, variables)
        }
        return findings
    }

    private func gitHub(_ rotations: [RotationConfiguration], _ variables: [String]) -> [Finding] {
        let kind = PipelineKind.setUp(for: .github, in: folder)
        var findings = (kind == .simple ? [] : trust(rotations)) + identities
        for name in kind == .simple ? ["ork-rotate.yml"] : ["ork-rotate.yml", "ork-lint.yml"] {
            let path = ".github/workflows/\(name)"
            guard let text = folder.text(of: path) else {
                findings.append(Finding(.missing, "\(path): see ci-templates/github/README.md"))
                continue
            }
            let unnamed = name == "ork-rotate.yml" ? variables.filter { !text.contains($0) } : []
            if text.contains("uses: OWNER/ork/") || text.contains("@COMMIT") {
                findings.append(
                    Finding(.missing, "\(path): put ork's repository and a commit for OWNER/ork and COMMIT"))
            } else if !unnamed.isEmpty {
                let line =
                    kind == .simple
                    ? "under env: " + unnamed.map { "\($0): ${{ secrets.\($0) }}" }.joined(separator: ", ")
                    : "in tokens: " + unnamed.joined(separator: ", ")
                findings.append(Finding(.missing, "\(path): \(line)"))
            } else {
                findings.append(Finding(.there, path))
            }
        }
        return findings + GitHubSetup(Forge(folder.origin, environment, transport, kind)).findings(variables)
    }

    private func gitLab(_ rotations: [RotationConfiguration], _ variables: [String]) -> [Finding] {
        let kind = PipelineKind.setUp(for: .gitlab, in: folder)
        var findings = (kind == .simple ? [] : trust(rotations)) + identities
        let included = Draft.gitLabPipeline
        let pipeline = folder.text(of: ".gitlab-ci.yml") ?? ""
        let isIncluded = [included, "ork-rotate.yml", "ork-simple.yml"].contains { pipeline.contains($0) }
        findings.append(
            isIncluded
                ? Finding(.there, ".gitlab-ci.yml")
                : Finding(.missing, ".gitlab-ci.yml: include: [{local: \(included)}]"))
        return findings + GitLabSetup(Forge(folder.origin, environment, transport, kind)).findings(variables)
    }

    private func cron(_ rotations: [RotationConfiguration], _ variables: [String]) -> [Finding] {
        var findings = [
            FileManager.default.isExecutableFile(atPath: "rotate.sh")
                ? Finding(.there, "rotate.sh")
                : Finding(.missing, "rotate.sh: a program in this folder, from ci-templates/shell")
        ]
        for rotation in rotations {
            let commands = CronCommands(rotation: rotation.name, secrets: ["OPENROUTER_MANAGEMENT_KEY"] + variables)
            findings += commands.missing(environment)
        }
        let table = Program(["crontab", "-l"]).run(.init(time: .seconds(10)))
        if table.ending.obstacle != nil {
            findings.append(Finding(.unknown, "cron: crontab is not on this machine"))
        } else {
            let hasLine = table.output.revealed()?.contains("rotate.sh") == true
            findings.append(Finding(hasLine ? .there : .missing, "cron: a line that runs rotate.sh"))
        }
        return findings
    }

    /// Whether somebody is trusted for every step of a pipeline.
    private func trust(_ rotations: [RotationConfiguration]) -> [Finding] {
        rotations.map { rotation in
            let steps = StepName.allCases.filter { $0 != .rollback && rotation.trust?[$0] == nil }
            return steps.isEmpty
                ? Finding(.there, "trust of \(rotation.name)")
                : Finding(
                    .missing, "trust of \(rotation.name) for \(steps.map(\.rawValue).joined(separator: ", "))")
        }
    }

    /// The folder is there until its identities are stored.
    private var identities: [Finding] {
        FileManager.default.fileExists(atPath: Draft.identityFolder)
            ? [Finding(.missing, "the identities are not stored yet: sh \(Draft.identityFolder)/store.sh")] : []
    }
}

/// One thing that a setup needs.
struct Finding: Hashable {
    enum Verdict: String {
        case there = "ok"
        case missing
        /// It could not be looked at.
        case unknown
    }

    let verdict: Verdict
    let text: String

    init(_ verdict: Verdict, _ text: String) {
        self.verdict = verdict
        self.text = text
    }

    /// One line of the answer.
    var line: String { verdict.rawValue + String(repeating: " ", count: 9 - verdict.rawValue.count) + text }
}

extension CISystem {
    /// For what this folder is set up, by what `ork-init` writes.
    static func setUp(in folder: ProjectFolder) -> CISystem {
        if folder.files.contains(Draft.gitHubPipeline) { return .github }
        if folder.files.contains(Draft.gitLabPipeline) { return .gitlab }
        if folder.files.contains("rotate.sh") { return .cron }
        return found(in: folder)[0]
    }
}
