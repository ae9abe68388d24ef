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
            otherKey
        case room, service
        case predecessorPlaces, predecessorReaders
    }

    /// A way is a list of deeds, done in their order.
    let ways: [[Deed]]

    /// Words in a text, and the repair that they tell. All that a person is taken to understand stands here.
    private static let repairs: [(words: String, repair: Repair)] = [
        ("ORK_IDENTITY", .identity),
        ("fix the successor at OpenRouter", .successor), ("enable the successor", .successor),
        ("enable it at openrouter.ai", .predecessor), ("enable it by hand", .predecessor),
        ("if one did, go on with its handoff", .newerHandoff), ("if that is lost, begin", .lostNewerHandoff),
        ("go on with its handoff", .otherHandoff),
        ("with its handoff", .otherHandoff), ("give it a name of its own", .name),
        ("that run's handoff", .otherHandoff),
        ("finish the other rotation", .otherHandoff), ("go on with the newer", .otherHandoff),
        ("copy of the handoff from before", .sealedCopy),
        ("the handoff as ork-create wrote it", .sealedCopy),
        ("fix what still needed it", .application), ("look at the application's log", .application),
        ("fix the cause", .application), ("applications have taken it up", .application), ("make room", .room),
        ("check the network", .service), ("let an application use", .application),
        ("fix it by hand", .places), ("find out who still uses it", .places), ("put it right", .places),
        ("disable at openrouter.ai the one", .otherKey),
        ("take away what reads it", .predecessorPlaces), ("find out who needs it and give them", .predecessorReaders),
        ("restart what still has the other key", .predecessorReaders), ("look at its log", .application),
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
        let commands = quoted(clause)
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
}
