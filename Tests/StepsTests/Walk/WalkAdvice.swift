import FoundationEssentials
import Rotation
import Steps

/// The ways out that a text shows, as a person reads them: the first is tried first.
struct WalkAdvice {
    /// One thing that a person does.
    enum Deed: Hashable {
        case run(WalkCommand)
        /// The same command once more.
        case again
        /// To come back when the message says, or soon.
        case wait
        case repair(Repair)
    }

    /// What a person puts right by hand, where a text tells so.
    enum Repair: String, Hashable, CaseIterable {
        case identity, successor, predecessor, otherHandoff, newerHandoff, lostNewerHandoff, sealedCopy, application,
            places, name,
            stranger
        case room, service
    }

    /// A way is a list of deeds, done in their order.
    let ways: [[Deed]]

    /// Words in a text, and the repair that they tell. All that a person is taken to understand stands here.
    private static let repairs: [(words: String, repair: Repair)] = [
        ("ORK_IDENTITY", .identity),
        ("fix the successor at OpenRouter", .successor), ("enable the successor", .successor),
        ("enable it at openrouter.ai", .predecessor), ("enable it by hand", .predecessor),
        ("if a newer rotation wrote it", .newerHandoff), ("if that one is lost", .lostNewerHandoff),
        ("go on with its handoff", .otherHandoff),
        ("with its handoff", .otherHandoff), ("give it a name of its own", .name),
        ("that run's handoff", .otherHandoff),
        ("finish the other rotation", .otherHandoff), ("go on with the newer", .otherHandoff),
        ("copy of the handoff from before", .sealedCopy),
        ("the handoff as ork-create wrote it", .sealedCopy),
        ("fix what still needed it", .application), ("look at the application's log", .application),
        ("fix the cause", .application), ("applications have taken it up", .application), ("make room", .room),
        ("check the network", .service), ("let an application use it", .application),
        ("fix it by hand", .places), ("find out who still uses it", .places), ("put it right", .places),
        ("disable at openrouter.ai the one", .stranger),
    ]

    /// Words in a text that stand for a command. Today's texts do not have the whole command everywhere.
    private static let phrases: [(words: String, command: String)] = [
        ("start a new rotation", "ork-create --supersede --handoff NEW"),
        ("with another --handoff", "ork-create --supersede --handoff NEW"),
        ("another --handoff, --supersede", "ork-create --supersede --handoff NEW"),
        ("into this rotation with --supersede", "ork-create --supersede"),
        ("use --supersede", "ork-create --supersede"),
        ("say --predecessor none", "ork-create --predecessor none"),
        ("continue with --ignore-references", "ork-create --ignore-references"),
        ("all waves with --all", "ork-publish --all"), ("publish wave", "ork-publish"),
    ]

    private static let pauses = [
        "come back", "in a minute", "in an hour", "try again", "again after", "wait for it", "wait here", "wait until",
        "with --wait",
    ]

    init(_ text: String) {
        // To wait here is to come back.
        ways =
            Self.clauses(text.replacing("` or `", with: "`, or `")).map(Self.deeds).filter {
                !$0.isEmpty && $0 != [.wait, .again]
            }
            + (Self.pauses.contains(where: text.contains) ? [[.wait, .again]] : [])
    }

    /// What stands between semicolons, and behind ", or ", are ways of their own.
    private static func clauses(_ text: String) -> [String] {
        var clauses: [String] = []
        var clause = ""
        var isQuoted = false
        for character in text {
            if character == "`" { isQuoted.toggle() }
            if character == ";", !isQuoted {
                clauses.append(clause)
                clause = ""
            } else {
                clause.append(character)
                if !isQuoted, clause.hasSuffix(", or ") {
                    clauses.append(String(clause.dropLast(5)))
                    clause = ""
                }
            }
        }
        return clauses + [clause]
    }

    private static func deeds(_ clause: String) -> [Deed] {
        var deeds: [Deed] = []
        for (words, repair) in repairs where clause.contains(words) && !deeds.contains(.repair(repair)) {
            deeds.append(.repair(repair))
        }
        // Whose handoff it is stands in the condition.
        if deeds.contains(.repair(.newerHandoff)) { deeds = [.repair(.newerHandoff)] }
        if pauses.contains(where: clause.contains) { deeds.append(.wait) }
        let quoted = clause.contains("`") ? self.quoted(clause) : bare(clause)
        let meant = phrases.filter { clause.contains($0.words) }.compactMap { WalkCommand($0.command) }
        // A phrase tells more than the bare name of its program.
        let commands = meant.isEmpty || clause.contains("`") ? quoted : Array(meant.prefix(1))
        deeds += commands.map { .run($0) }
        if commands.isEmpty, !deeds.isEmpty { deeds.append(.again) }
        return deeds.filter { deed in
            if case .run(let command) = deed { command.program != "ork-status" } else { true }
        }
    }

    private static func quoted(_ clause: String) -> [WalkCommand] {
        let parts = clause.split(separator: "`", omittingEmptySubsequences: false)
        return parts.indices.filter { $0 % 2 == 1 }.compactMap { WalkCommand(String(parts[$0])) }
    }

    /// Names of programs with the flags directly behind them.
    private static func bare(_ clause: String) -> [WalkCommand] {
        let words = clause.split(separator: " ").map { $0.drop { "(".contains($0) } }.map { word in
            String(word.reversed().drop { ",.):".contains($0) }.reversed())
        }
        var commands: [WalkCommand] = []
        var index = 0
        while index < words.count {
            defer { index += 1 }
            guard WalkPrograms.names.contains(words[index]) else { continue }
            var text = words[index]
            var next = index + 1
            while next < words.count, words[next].hasPrefix("--") {
                text += " " + words[next]
                next += 1
                if WalkCommand.takesValue(words[next - 1]), next < words.count {
                    text += " " + words[next]
                    next += 1
                }
            }
            // "ork-publish again with --accept-target" and the like lack the value.
            if let command = WalkCommand(text) { commands.append(command) }
            index = next - 1
        }
        return commands
    }
}
