import JSON
import Rotation
import Secrets

extension CreateStep {
    /// Refuses what is asked for and not done where a handoff lies: a rotation keeps the order that it was begun with.
    ///
    /// The same words again ask for nothing new, and neither do fewer. `--ignore-references` only permits.
    func refuseOtherOrder(_ state: State) throws(StepError) {
        let command = options.command
        if options.supersedes, !state.supersedes {
            throw StepError(
                .unacceptable,
                "nothing was superseded: the handoff is of rotation \(state.header.id), which "
                    + (state.isFinished ? "is finished" : "is under way"),
                hint: "to take all keys named \(state.header.base) into a new rotation: `\(command.superseding)`"
                    + (state.next.map { "; to go on with this one: `\($0)`" } ?? ""))
        }
        guard options.plan != state.header.plan else { return }
        let differences = options.plan.differences(from: state.plan)
        guard !differences.isEmpty else { return }
        throw StepError(
            .unacceptable,
            "rotation \(state.header.id) \(state.isFinished ? "is finished" : "has begun"), and with another plan than is "
                + "asked for now: \(differences.map(\.description).joined(separator: "; "))",
            hint: state.isFinished
                ? "another rotation has a handoff of its own: `\(command.anew)`"
                : remedy(Set(differences.map(\.section)))
        )
    }

    /// The command that leads on, by the sections of the plan in which it differs.
    private func remedy(_ sections: Set<String>) -> String {
        let command = options.command
        var ways: [String] = []
        if sections.contains("targets") {
            let flags = [CreateCommand.Flag("amend")] + command.flags(of: ["targets"])
            ways.append("to change the targets: \(flags.command(of: "ork-create"))")
        }
        for (section, step) in [("publish", "ork-publish"), ("verify", "ork-verify"), ("retire", "ork-retire")]
        where sections.contains(section) {
            ways.append("\(step) takes its own rules: \(command.flags(of: [section]).command(of: step))")
        }
        if ways.isEmpty || !sections.isSubset(of: ["targets", "publish", "verify", "retire"]) {
            ways = ["to begin another rotation beside it: `\(command.anew)`"]
        }
        // Those who hold to the plan have their own step's command instead.
        if !sections.isSubset(of: ["publish", "verify", "retire"]) {
            ways.insert("to go on as it was begun: `ork-create`", at: 0)
        }
        return ways.joined(separator: "; ")
    }
}

extension Plan {
    /// One field in which a plan differs from another.
    struct Difference: CustomStringConvertible {
        /// The keys from the plan's root.
        let path: [String]
        let before: JSONValue?
        let now: JSONValue?

        var section: String { path[0] }

        /// `retire.soak: "24h", now "0s"`
        var description: String {
            let name = path.map { DisplayText.escaped($0, limit: 64) }.joined(separator: ".")
            return "\(name): \(before.map(Self.text) ?? "nothing"), now \(now.map(Self.text) ?? "nothing")"
        }

        private static func text(_ value: JSONValue) -> String { DisplayText.escaped(value.text(.compact), limit: 80) }
    }

    /// In what this plan differs from one before it, field by field.
    func differences(from before: Plan) -> [Difference] { Self.differences([], before.json, json) }

    private static func differences(_ path: [String], _ before: JSONValue?, _ now: JSONValue?) -> [Difference] {
        guard before != now else { return [] }
        guard let old = before?.object, let new = now?.object else {
            return [Difference(path: path, before: before, now: now)]
        }
        let keys = old.keys + new.keys.filter { old[$0] == nil }
        return keys.flatMap { differences(path + [$0], old[$0], new[$0]) }
    }
}
