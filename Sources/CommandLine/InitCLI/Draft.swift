import Rotation
import StepCLI
import Steps
import Timestamps
import Wording

/// All that `ork-init` would write, and the commands that are left to people.
struct Draft {
    /// In the order in which they are shown.
    private(set) var files: [DraftFile]
    /// What is to be done then, one command each, with what it is for.
    private(set) var steps: [(purpose: String, command: String)]
    /// What has to be put into a file that is there already.
    private(set) var additions: [String] = []
    /// The secrets that will be asked for, and what they are.
    private(set) var secrets: [(name: String, meaning: String)]

    init(
        _ system: CISystem, _ options: InitOptions, rotation: PlanName, key: String, targets: [DraftTarget],
        every: Interval, folder: ProjectFolder
    ) throws(StepError) {
        let kind = options.pipeline ?? .staged
        let identities: StageIdentities? =
            system == .cron ? nil : kind == .simple ? try StageIdentities(ofOneJob: ()) : try StageIdentities()
        let configuration = try DraftConfiguration(
            [DraftRotation(name: rotation, key: key, targets: targets)], every: every, trust: identities?.trust)
        files = [DraftFile(DraftConfiguration.file, configuration.text)]
        steps = []
        secrets = [("OPENROUTER_MANAGEMENT_KEY", "from openrouter.ai/settings/management-keys")]
        for variable in targets.flatMap(\.variables) where !secrets.contains(where: { $0.name == variable.ours }) {
            secrets.append((variable.ours, KnownVariables.meaning(of: variable)))
        }
        if system == .gitlab {
            secrets.append(("ORK_HANDOFF_TOKEN", "a project access token: Developer, read_api"))
        }
        switch system {
        case .github:
            try addGitHub(kind, options, rotation, configuration.variables, host: folder.origin?.host ?? "github.com")
        case .gitlab:
            try addGitLab(kind, options, rotation, targets, hasPipeline: folder.files.contains(".gitlab-ci.yml"))
        case .cron: try addCron(rotation, configuration.variables)
        }
        if let identities { addIdentities(identities, kind, system, configuration.variables, options.approver) }
    }

    /// The workflow at GitHub.
    static let gitHubPipeline = ".github/workflows/ork-rotate.yml"

    /// The pipeline at GitLab, which the project's own includes.
    static let gitLabPipeline = ".gitlab/ork.yml"

    /// The folder of the identities until they are stored.
    static let identityFolder = "ork-identities"

    private mutating func addIdentities(
        _ identities: StageIdentities, _ kind: PipelineKind, _ system: CISystem, _ variables: [String],
        _ approver: String?
    ) {
        let folder = Self.identityFolder
        files += identities.files.map {
            DraftFile("\(folder)/\($0.name)", $0.content, isSecret: $0.name != ".gitignore")
        }
        let store: SecretStore = system == .github ? .github : .gitlab
        let script =
            kind == .simple
            ? store.scriptOfOneJob(tokens: variables) : store.script(tokens: variables, approver: approver)
        files.append(DraftFile("\(folder)/store.sh", script ?? ""))
        steps.insert(
            (
                kind == .simple
                    ? "make the environment and store the identity and the secrets, each of which it asks for"
                    : "make the environments and store the identities and the secrets, each of which it asks for",
                "sh \(folder)/store.sh"
            ), at: 0)
        steps.append(("see what is still missing", "ork-init --check"))
    }

    private mutating func addGitHub(
        _ kind: PipelineKind, _ options: InitOptions, _ rotation: PlanName, _ variables: [String], host: String
    ) throws(StepError) {
        for var template in kind == .simple ? [Template.simple] : [.staged, .lint] {
            try template.fillIn(options, rotation, variables, host: host)
            files.append(DraftFile(".github/workflows/\(template.name)", template.text))
        }
        let names = files.map(\.path).joined(separator: " ")
        steps = [
            (
                "bring them to the default branch",
                "git add \(names) && git commit -m 'Rotate a key of OpenRouter' && git push"
            ),
            (
                "begin the first rotation",
                "gh workflow run ork-rotate.yml -f rotation=\(ShellWord(rotation.description))"
            ),
        ]
    }

    private mutating func addGitLab(
        _ kind: PipelineKind, _ options: InitOptions, _ rotation: PlanName, _ targets: [DraftTarget], hasPipeline: Bool
    ) throws(StepError) {
        guard let ork = options.ork, let image = options.image else { return }
        let included = Self.gitLabPipeline
        let hasLaterWaves = targets.contains { ($0.wave ?? "1") != "1" }
        files.append(
            DraftFile(
                included,
                """
                # Rotates a key of OpenRouter: the pipeline is ork's own, at one commit.
                include:
                  - project: \(YAMLWord(ork.path))
                    ref: "\(ork.commit)"
                    file: /ci-templates/gitlab/templates/\(kind == .simple ? "ork-simple" : "ork-rotate").yml
                    rules: # without them every push begins a rotation
                      - if: $CI_PIPELINE_SOURCE == "schedule" || $CI_PIPELINE_SOURCE == "web" || $CI_PIPELINE_SOURCE == "api"
                    inputs:
                      rotation: \(YAMLWord(rotation.description))
                      image: \(YAMLWord(image))
                \(kind == .simple ? "" : "      later_waves: \(hasLaterWaves)\n")
                """))
        let line = "include: [{local: \(included)}]"
        if hasPipeline {
            additions.append("put into .gitlab-ci.yml, beside other entries of include: \(line)")
        } else {
            files.append(DraftFile(".gitlab-ci.yml", "\(line)\n"))
        }
        let names = (files.map(\.path) + (hasPipeline ? [".gitlab-ci.yml"] : [])).joined(separator: " ")
        let branch = "$(git symbolic-ref --short HEAD)"
        steps = [
            (
                "bring them to the default branch",
                "git add \(names) && git commit -m 'Rotate a key of OpenRouter' && git push"
            ),
            kind == .simple
                ? (
                    "begin a rotation when it is due, and continue it, every six hours",
                    "glab schedule create --cron '\(Schedule.continues)' --ref \"\(branch)\" --description 'ork rotates'"
                )
                : (
                    "begin a rotation when it is due, looked at each week, and continue it every six hours",
                    "glab schedule create --cron '\(Schedule.begins)' --ref \"\(branch)\" --description 'ork begins' "
                        + "--variable ORK_BEGIN:due && "
                        + "glab schedule create --cron '\(Schedule.continues)' --ref \"\(branch)\" --description 'ork continues' "
                        + "--variable ORK_BEGIN:false"
                ),
            ("begin the first rotation", "glab ci run --branch \"\(branch)\""),
        ]
    }

    private mutating func addCron(_ rotation: PlanName, _ variables: [String]) throws(StepError) {
        files.append(DraftFile("rotate.sh", Template.script.text, isProgram: true))
        let script = CronCommands(rotation: rotation, secrets: ["OPENROUTER_MANAGEMENT_KEY"] + variables)
        steps = script.steps
    }
}

/// How often scheduled pipelines run.
enum Schedule {
    /// A rotation begins then if it is due.
    static let begins = "17 3 * * 1"
    static let continues = "47 */6 * * *"
}
