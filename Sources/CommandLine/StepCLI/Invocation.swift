package import Steps
import Wording

/// What a command has to be told again to continue the same rotation: how this run names it, and where its files are.
///
/// A message shows a command in backticks, with the options that matter there: "`ork-publish --all`". What this run was
/// called with is added when the message is shown, so that a command can be pasted as it stands.
package struct Invocation: Sendable {
    /// What this run was told, in the order in which the help page has it.
    private let options: [(name: String, value: String)]

    /// `ork-status` where it asks OpenRouter, and needs to know where that is.
    private static let asking = "ork-status --ask"

    /// An option, and the programs that have it.
    private static let scopes: [(name: String, programs: Set<String>)] = {
        let steps: Set = ["ork-create", "ork-publish", "ork-verify", "ork-approve", "ork-retire", "ork-rollback"]
        return [
            ("--rotation", steps), ("--config", steps.union(["ork-due", "ork-lint", asking])),
            ("--handoff", steps.union(["ork-status", asking])), ("--openrouter-url", steps.union([asking])),
            ("--trust", steps.union(["ork-status", asking])),
        ]
    }()

    package init(_ common: CommonOptions) {
        let named = [("--rotation", common.rotation), ("--config", common.config)].compactMap { name, value in
            value.map { (name: name, value: $0) }
        }
        options =
            named + common.handoff.map { ("--handoff", $0) }
            + [common.openRouterURL].compactMap(\.self).map { ("--openrouter-url", $0) }
            + common.trust.map { ("--trust", $0) }
    }

    /// A run of a program beside the steps.
    package init(
        handoffs: [String] = [], config: String? = nil, openRouterURL: String? = nil, trust: [String] = []
    ) {
        options =
            [config].compactMap(\.self).map { ("--config", $0) } + handoffs.map { ("--handoff", $0) }
            + [openRouterURL].compactMap(\.self).map { ("--openrouter-url", $0) } + trust.map { ("--trust", $0) }
    }

    /// The message with every command in it made whole. An option that a command names itself stays as it is.
    package func completing(_ message: String) -> String {
        let pieces = message.split(separator: "`", omittingEmptySubsequences: false).map(String.init)
        // Backticks come in pairs; one that is left over is others' text.
        return pieces.enumerated().map { index, piece in
            let isQuoted = index % 2 == 1 && index < pieces.count - 1
            return isQuoted ? whole(piece) : piece
        }.joined(separator: "`")
    }

    /// What a step says, with its commands made whole.
    package func completing(_ error: StepError) -> StepError {
        StepError(
            error.code, completing(error.message), hint: error.hint.map(completing), retryAt: error.retryAt,
            isRetryable: error.isRetryable, place: error.place)
    }

    /// The command with what it lacks of what this run was told.
    func whole(_ command: String) -> String {
        let words = command.split(separator: " ").map(String.init)
        guard let first = words.first else { return command }
        let program = first == "ork-status" && words.contains("--ask") ? Self.asking : first
        let missing = Self.scopes.filter { $0.programs.contains(program) && !words.contains($0.name) }
        let added = options.filter { option in missing.contains { $0.name == option.name } }
        return ([command] + added.map { "\($0.name) \(ShellWord($0.value))" }).joined(separator: " ")
    }
}
