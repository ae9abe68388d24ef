import JSON
import PublisherHosting
package import Rotation
import Secrets
import Wording

/// `ork-create` as a whole command to paste: with the flags that were given, and what has to be said besides.
///
/// It leaves out where the rotation, its files and OpenRouter are; whoever shows a command adds what this run was told.
package struct CreateCommand: Sendable, CustomStringConvertible {
    /// A flag as it was written; one that takes no value has none.
    package struct Flag: Hashable, Sendable {
        /// Without its two dashes.
        let name: String
        let value: String?

        package init(_ name: String, _ value: String? = nil) {
            self.name = name
            self.value = value
        }

        fileprivate var words: String { "--\(name)" + (value.map { " \(ShellWord($0))" } ?? "") }
    }

    private var flags: [Flag]
    /// The `ork.yaml` that says the plan, where there is one.
    package let file: String?

    package init(_ flags: [Flag] = [], file: String? = nil) {
        self.flags = flags
        self.file = file
    }

    package var description: String { (["ork-create"] + flags.map(\.words)).joined(separator: " ") }

    /// The same with another flag, in place of one of that name.
    package func with(_ name: String, _ value: String? = nil) -> CreateCommand {
        var command = self
        let flag = Flag(name, value)
        if let index = flags.firstIndex(where: { $0.name == name }) {
            command.flags[index] = flag
        } else {
            command.flags.append(flag)
        }
        return command
    }

    /// The same with one more of a flag that can be repeated.
    func adding(_ name: String, _ value: String) -> CreateCommand {
        var command = self
        command.flags.append(Flag(name, value))
        return command
    }

    /// The same where nothing was said of the predecessor, because a handoff says it.
    package func naming(_ predecessor: Plan.Predecessor) -> CreateCommand {
        guard file == nil, !says("predecessor") else { return self }
        return with("predecessor", Self.word(predecessor))
    }

    /// The same where nothing was said of the targets, because a handoff says them: those that flags gave it.
    package func naming(_ targets: [Plan.Target]) -> CreateCommand {
        guard file == nil, !says("to"), !says("target-env") else { return self }
        var command = self
        for target in targets where target.origin == .currentFolder {
            command.flags.append(Flag("to", target.text))
            command.flags += target.environmentWords.map { Flag("target-env", $0) }
        }
        return command
    }

    private func says(_ name: String) -> Bool { flags.contains { $0.name == name } }

    /// The same for another rotation, whose handoff a person names.
    package var anew: CreateCommand { with("handoff", "NEW.json") }

    /// Takes every key of the lineage into another rotation.
    package var superseding: CreateCommand { with("supersede").anew }

    /// How to begin another rotation where no handoff can be believed: what neither a flag nor `ork.yaml` says, a person says
    /// again.
    package var startingOver: String {
        let named = file == nil && !says("predecessor") ? with("predecessor", "name=NAME") : self
        let more = file == nil && !says("to") ? ", with the same --to," : ""
        return "`\(named.superseding)`\(more) begins a new rotation"
    }

    /// Mints the first key of this name.
    func forFirstKey(named base: String) -> CreateCommand {
        let command = with("predecessor", "none")
        return file == nil ? command.with("name", base) : command
    }

    /// How to name the predecessor otherwise: `ork.yaml` is corrected where it is what names it.
    package func replacing(_ predecessor: Plan.Predecessor) -> String {
        let word = Self.word(predecessor)
        guard let file, let index = word.firstIndex(of: "="), !says("predecessor") else {
            return "`\(with("predecessor", word))`"
        }
        let value = String(word[word.index(after: index)...])
        // YAML takes a JSON string for what is no plain word.
        let scalar = ShellWord(value).description == value ? value : JSONValue.string(value).text()
        return "write predecessor: {\(word[..<index]): \(scalar)} into \(file), then `\(self)`"
    }

    private static func word(_ predecessor: Plan.Predecessor) -> String {
        switch predecessor {
        case .name(let name): "name=\(name)"
        case .hash(let hash): "hash=\(hash)"
        case .environment(let name): "env=\(name)"
        case .none: "none"
        }
    }

    /// The flags that say something of these sections of the plan.
    func flags(of sections: Set<String>) -> [Flag] {
        let names = Set(Plan.flags.filter { sections.contains($0.path[0]) }.map(\.name))
        return flags.filter { names.contains($0.name) }
    }
}

extension Plan.Target {
    /// The target as `--to` has it, for a shell, under this name.
    func word(named name: String) -> ShellWord { ShellWord(text(named: name)) }

    fileprivate var text: String { text(named: name.description) }

    /// The target as `--to` has it, with a word in capitals for each setting that a person corrects.
    var form: String {
        let settings = with.members.map { key, value in
            value.string == nil ? "\(key):=\(value.text(.compact))" : "\(key)=\(key.uppercased())"
        }
        return ShellWord(head(named: name.description, settings)).description
    }

    private func text(named name: String) -> String {
        let settings = with.members.map { key, value in
            value.string.map { "\(key)=\(Self.escaped($0))" } ?? "\(key):=\(value.text(.compact))"
        }
        return head(named: name, settings)
    }

    private func head(named name: String, _ settings: [String]) -> String {
        let head = "\(name)=\(publisher)" + (wave == 1 ? "" : "@\(wave)")
        return settings.isEmpty ? head : "\(head):\(settings.joined(separator: ","))"
    }

    /// The variables of its publisher as `--target-env` has them.
    fileprivate var environmentWords: [String] {
        environment.sorted { $0.key < $1.key }.map { child, ours in
            "\(name):\(child)" + (child == ours ? "" : "=\(ours)")
        }
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing(",", with: "\\,")
    }
}

extension [CreateCommand.Flag] {
    /// The command of another program with these flags.
    func command(of program: String) -> String { "`" + ([program] + map(\.words)).joined(separator: " ") + "`" }
}
