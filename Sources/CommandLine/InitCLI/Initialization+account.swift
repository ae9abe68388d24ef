import Configuration
import Glibc
import StepCLI
import Steps
import Timestamps
import Wording

extension Initialization {
    /// Proposes rotations for the keys of a workspace: a new `ork.yaml`, or what to put into the one that is there.
    func draft(_ pattern: KeyNamePattern, every: Interval) throws(StepError) {
        guard options.key == nil, options.rotation == nil, options.ci == nil else {
            throw StepError(
                .usage, "--from-account drafts ork.yaml alone, for all keys that fit",
                hint: "leave out --key, --rotation and --ci; run ork-init again for the pipeline of one")
        }
        guard let keys = try WorkspaceKeys(environment, over: transport, console) else {
            throw StepError(
                .usage, "--from-account reads the workspace's keys", hint: "set OPENROUTER_MANAGEMENT_KEY for it")
        }
        let isThere = unsafe access(DraftConfiguration.file, F_OK) == 0
        let present = isThere ? try ConfigurationFile.load(DraftConfiguration.file) : nil
        let account = try AccountDraft(pattern, of: keys, beside: present, targets: options.to)
        if !account.owned.isEmpty {
            console.show(.doing("left out, as a rotation has them: \(account.owned.joined(separator: ", "))"))
        }
        for name in account.unnameable {
            console.warn("left out, as ork.yaml cannot have such a name: \(name); rename the key at openrouter.ai")
        }
        guard !account.rotations.isEmpty else {
            guard account.owned.isEmpty, account.unnameable.isEmpty else {
                let reason =
                    account.unnameable.isEmpty ? ": every key of \(pattern) has a rotation" : " apart from that"
                return console.show(.done("nothing to draft\(reason)"))
            }
            throw StepError(
                .unacceptable, "no live key of the default workspace is named \(pattern)",
                hint: "its names are: \(keys.names.joined(separator: ", "))")
        }
        let configuration = try DraftConfiguration(account.rotations, every: every, trust: nil)
        guard present == nil else {
            Console.print(account.rotations.flatMap(\.lines).joined(separator: "\n"))
            return console.show(
                .done("put these lines below rotations: in \(DraftConfiguration.file), then run ork-lint"))
        }
        let file = DraftFile(DraftConfiguration.file, configuration.text)
        Console.print(file.shown)
        guard !options.dryRun else {
            return console.show(.doing("a dry run: \(file.path) would be written"))
        }
        try agree(to: [file])
        var files = NewFiles([file])
        try files.write()
        let missing = account.rotations.count { $0.targets.isEmpty }
        console.show(
            .done(
                "wrote \(file.path) with \(Counted(account.rotations.count, "rotation"))"
                    + (missing == 0 ? "" : "; fill in the targets, then run ork-lint")))
    }
}
