package import HTTP
import OpenRouter
import PublisherHosting
import Rotation
import Secrets
package import StepCLI
package import Steps
import Timestamps
import Wording

/// What `ork-init` does: looks, asks, shows, and writes all or nothing.
package struct Initialization {
    let options: InitOptions
    let environment: StepEnvironment
    let transport: any HTTPTransport
    let console: Console
    private let questions = Questions()

    package init(
        _ options: InitOptions, _ environment: StepEnvironment, over transport: any HTTPTransport, _ console: Console
    ) {
        self.options = options
        self.environment = environment
        self.transport = transport
        self.console = console
    }

    /// Proposes, and writes if somebody agrees.
    package func run() throws(StepError) {
        guard EnvironmentVariable.isName(options.variable) else {
            throw StepError(.usage, "--variable: is not the name of a variable", hint: "such as OPENROUTER_API_KEY")
        }
        guard let every = Interval(options.every), every > .zero else {
            throw StepError(.usage, "--every: must be a positive length of time such as 90d")
        }
        if let pattern = options.fromAccount { return try draft(pattern, every: every) }
        let folder = ProjectFolder()
        if folder.isCut { console.warn("this folder has more files than were looked at; name its targets with --to") }
        let system = try system(folder)
        let key = try key()
        let rotation = try rotation(key)
        let targets = try targets(folder, system)
        var options = self.options
        try complete(&options, for: system)
        let draft = try Draft(
            system, options, rotation: rotation, key: key, targets: targets, every: every, folder: folder)
        var files = NewFiles(draft.files)
        if !options.dryRun { try files.refuseWhatIsThere() }
        for file in draft.files { Console.print(file.shown) }
        guard !options.dryRun else {
            tell(draft)
            try files.refuseWhatIsThere()
            return console.show(
                .doing("a dry run: \(Counted(draft.files.count, "file")) would be written, identities made anew"))
        }
        try agree(to: draft.files)
        try files.write()
        console.show(.done("wrote \(draft.files.filter { !$0.isSecret }.map(\.path).joined(separator: ", "))"))
        tell(draft)
    }

    func agree(to files: [DraftFile]) throws(StepError) {
        guard !options.yes else { return }
        guard questions.canAsk else {
            throw StepError(
                .usage, "there is no terminal to ask whether to write these files",
                hint: "say --yes, or --dry-run to look")
        }
        console.show(.doing("would write \(files.map(\.path).joined(separator: ", "))"))
        guard questions.agrees(to: "Write \(files.count == 1 ? "it" : "these \(files.count) files")?") else {
            throw StepError(
                .usage, "nothing was written",
                hint: "run it again with other options: --to and --without choose targets")
        }
    }

    /// The commands that are left, for whoever pastes them.
    private func tell(_ draft: Draft) {
        let ready = draft.secrets.map { "# have ready: \($0.name), \($0.meaning)" }.joined(separator: "\n")
        let steps = draft.additions.map { ($0, nil) } + draft.steps.map { ($0.purpose, Optional($0.command)) }
        let numbered = steps.enumerated().map { number, step in
            "# \(number + 1). \(step.0)" + (step.1.map { "\n\($0)" } ?? "")
        }
        let head = "── what is left to do " + String(repeating: "─", count: 81)
        Console.print(([head + "\n" + ready] + numbered).joined(separator: "\n\n"))
    }

    private func system(_ folder: ProjectFolder) throws(StepError) -> CISystem {
        if let named = options.ci { return named }
        let found = CISystem.found(in: folder)
        if let answer = questions.ask("What runs the rotations: github, gitlab or cron?", proposal: found[0].rawValue) {
            guard let system = CISystem(rawValue: answer) else {
                throw StepError(.usage, "'\(answer)' is not one of github, gitlab, cron", hint: "say it with --ci")
            }
            return system
        }
        guard found.count == 1 else {
            throw StepError(.usage, "this folder has pipelines of GitHub and of GitLab", hint: "choose one with --ci")
        }
        console.show(.doing("by what is in this folder: --ci \(found[0])"))
        return found[0]
    }

    private func key() throws(StepError) -> String {
        var listed: WorkspaceKeys?
        do { listed = try WorkspaceKeys(environment, over: transport, console) } catch {
            console.warn("the workspace's keys cannot be listed: \(error.message)")
        }
        if let listed, options.key == nil { Console.print(listed.table) }
        guard
            let key = options.key
                ?? questions.ask("Which key, by its name at OpenRouter?", proposal: listed?.names.first)
        else {
            throw StepError(
                .usage, "which key is to be rotated?",
                hint: "name it with --key"
                    + (listed == nil ? "; OPENROUTER_MANAGEMENT_KEY, if set, lists those that there are" : ""))
        }
        if let listed {
            let same = listed.live.filter { $0.keyName.base == key }.count
            if same == 0 {
                let unknown = UnknownName(key, of: "live key", among: listed.names)
                console.warn("\(unknown.message) in the default workspace")
            } else if same > 1 {
                console.warn("\(same) live keys are named \(key): `ork-create --dry-run` tells what that means")
            }
        }
        return key
    }

    private func rotation(_ key: String) throws(StepError) -> PlanName {
        if let text = options.rotation {
            guard let name = PlanName(text) else {
                throw StepError(
                    .usage, "--rotation is not the name of a rotation", hint: "use letters, digits and . _ - /")
            }
            return name
        }
        guard let name = PlanName(key) ?? PlanName(ProjectFolder.name) else {
            throw StepError(
                .usage, "what is the rotation to be called?",
                hint:
                    "name it with --rotation, in letters, digits and . _ - /; neither the key's name nor this folder's will do"
            )
        }
        return name
    }

    /// What is named, and what is found beside it.
    private func targets(_ folder: ProjectFolder, _ system: CISystem) throws(StepError) -> [DraftTarget] {
        var named: [DraftTarget] = []
        for text in options.to {
            do { named.append(try DraftTarget(flag: text, taken: named.map(\.name))) } catch { throw StepError(error) }
        }
        for target in named where !PublisherName.shipped.map(\.description).contains(target.publisher) {
            console.warn(
                UnknownName(target.publisher, of: "publisher", among: PublisherName.shipped.map(\.description)).message
                    + " that comes with ork; it has to be installed where the rotation runs")
        }
        let proposals = Proposal.all(in: folder, for: system, name: options.variable)
        let found = Proposal.targets(proposals)
        for name in options.without where !found.contains(where: { $0.name == name }) {
            throw StepError(
                .usage, "--without: no target \(name) is found here",
                hint: "found are: \(found.isEmpty ? "none" : found.map(\.name).joined(separator: ", "))")
        }
        for proposal in proposals {
            switch proposal {
            case .target: break
            case .incomplete(let file, let why, let flag, let missing):
                // Somebody has completed it.
                guard !named.contains(where: { flag.hasPrefix("\($0.name)=") }) else { continue }
                if let target = try completed(flag, missing, "\(file): \(why)", taken: (found + named).map(\.name)) {
                    named.append(target)
                }
            case .remark(let text): console.show(.doing(text))
            }
        }
        let kept = found.filter { target in
            !options.without.contains(target.name) && !named.contains { $0.name == target.name }
        }
        for target in kept { console.show(.doing("found a target for \(target.publisher): \(target.name)")) }
        guard !(kept + named).isEmpty else {
            throw StepError(
                .usage,
                system.reachesThisMachine
                    ? "nothing in this folder tells where \(options.variable) lies"
                    : "nothing here shows a place of \(options.variable) that a pipeline at \(system.title) can write to",
                hint: "name each place with --to, such as --to \(example(folder, system))")
        }
        return kept + named
    }

    /// A place that this system's jobs can write to.
    private func example(_ folder: ProjectFolder, _ system: CISystem) -> String {
        let repository = folder.origin?.path ?? "OWNER/NAME"
        switch system {
        case .github: return "github-secret:repository=\(repository),name=\(options.variable)"
        case .gitlab: return "gitlab-variable:project=\(repository),key=\(options.variable)"
        case .cron: return "file:path=.env,name=\(options.variable)"
        }
    }

    /// A target of which something is asked for on a terminal, and told elsewhere.
    private func completed(
        _ flag: String, _ missing: [String], _ why: String, taken: [String]
    ) throws(StepError) -> DraftTarget? {
        guard questions.canAsk else {
            console.show(.doing("\(why); as a target: --to \(ShellWord(flag))"))
            return nil
        }
        console.show(.doing(why))
        var flag = flag
        for word in missing {
            guard let answer = questions.ask("\(word), or nothing to leave it out") else { return nil }
            flag = flag.split(separator: word, omittingEmptySubsequences: false).joined(separator: answer)
        }
        do { return try DraftTarget(flag: flag, taken: taken) } catch { throw StepError(error) }
    }

    /// One job with all secrets, or stages: asked for on a terminal, and told elsewhere.
    private func choosePipeline(_ options: inout InitOptions) throws(StepError) {
        guard options.pipeline == nil else { return }
        let proposal = PipelineKind.staged
        if let answer = questions.ask(
            "Which pipeline? (\(PipelineKind.choice))", proposal: proposal.rawValue)
        {
            guard let kind = PipelineKind(rawValue: answer) else {
                throw StepError(.usage, "'\(answer)' is not one of simple, staged", hint: "say it with --pipeline")
            }
            options.pipeline = kind
        } else {
            console.show(.doing("--pipeline \(proposal) (\(PipelineKind.choice))"))
            options.pipeline = proposal
        }
    }

    /// What a pipeline needs beside: asked for, or refused by name.
    private func complete(_ options: inout InitOptions, for system: CISystem) throws(StepError) {
        if let approver = options.approver,
            !approver.utf8.allSatisfy({ $0.isASCIIAlphanumeric || "-_".utf8.contains($0) })
        {
            throw StepError(.usage, "--approver: is not a login or a number")
        }
        guard system != .cron else {
            guard options.pipeline != .staged else {
                throw StepError(
                    .usage, "cron runs one script with all secrets, which has no stages",
                    hint: "leave --pipeline out, or name another system with --ci")
            }
            return
        }
        try choosePipeline(&options)
        if options.ork == nil {
            let answer = questions.ask(
                "Where is ork's repository at \(system.title)? OWNER/ork@COMMIT, with the whole hash")
            options.ork = answer.flatMap { OrkReference(argument: $0) }
        }
        guard options.ork != nil else {
            throw StepError(
                .usage, "a pipeline takes ork's files from a repository, by a commit that you have looked at",
                hint: "mirror ork at \(system.title), and say --ork OWNER/ork@COMMIT with the full hash")
        }
        if system == .gitlab {
            options.image = options.image ?? questions.ask("Which image has ork's programs? IMAGE@sha256:…")
            guard let image = options.image, image.wholeMatch(of: /[A-Za-z0-9._\/:-]+@sha256:[0-9a-f]{64}/) != nil
            else {
                throw StepError(
                    .usage, "jobs at GitLab run in an image with ork's programs, named by its digest",
                    hint: "build it with install/Dockerfile, and say --image IMAGE@sha256:…")
            }
        }
        guard options.tarball == nil || options.sha256 != nil || options.signer != nil else {
            throw StepError(
                .usage, "a tarball's address says nothing of its content", hint: "add --sha256, --signer or both")
        }
    }
}

/// The names of variables that shells take.
enum EnvironmentVariable {
    static func isName(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "_") }
            && text.first.map { $0.isLetter || $0 == "_" } ?? false
    }
}
