import ChildProcesses
import TestSupport
import Testing

/// A refusal of `ork-create`, the state in which it is met, and what becomes of each command that it shows.
struct Advice: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Lines of a script that lead to the state.
    let before: String
    let command: String
    let status: Int32
    /// What stands behind `ork-create: error: `, as a pattern.
    let error: String
    /// Each command of the hint, by its beginning and in its order, and the status with which it ends as it stands there.
    /// One that has a word in capitals to choose is not run and has none.
    let leadsTo: [(command: String, status: Int32?)]

    init(
        _ what: String, after before: String, _ command: String, _ status: Int32, _ error: String,
        leadsTo: [(command: String, status: Int32?)]
    ) {
        testDescription = what
        self.before = before
        self.command = command
        self.status = status
        self.error = error
        self.leadsTo = leadsTo
    }
}

@Suite(.tags(.servers)) struct CreateAdviceTests {
    private static let begun = "exec ork-create --predecessor checkout-prod --to file:path=.env,name=KEY --settle 0s\n"

    static let rows: [Advice] = [
        Advice(
            "the handoff is lost", after: begun + "rm ork-handoff.json",
            "ork-create --predecessor checkout-prod --limit 5",
            75, "another rotation of checkout-prod is under way or was lost: .*",
            leadsTo: [
                ("ork-create --predecessor checkout-prod --limit 5 --supersede --handoff NEW.json", 0),
                ("ork-create --predecessor hash=", 0),
            ]),
        Advice(
            "the identity is lost", after: begun + "rm state/ork/identity", "ork-create --predecessor checkout-prod",
            65,
            "the handoff is signed by .*, which is not trusted for create on this stage",
            leadsTo: [("ork-create --predecessor checkout-prod --supersede --handoff NEW.json", 0)]),
        Advice(
            "the handoff was edited",
            after: begun + "edit ork-handoff.json '\"base\": \"checkout-prod\"' '\"base\": \"shop\"'",
            "ork-create --predecessor checkout-prod", 65,
            "no record of ork-create vouches for what this handoff says is rotated",
            leadsTo: [("ork-create --predecessor checkout-prod --supersede --handoff NEW.json", 0)]),
        Advice(
            "the successor is deleted", after: begun + "sandbox-delete successor", "ork-create", 1,
            "the successor .* does not exist any more at OpenRouter",
            leadsTo: [
                ("ork-create --predecessor name=checkout-prod --to file=file:path=.env,name=KEY --supersede", 0)
            ]),
        Advice(
            "two keys of one name", after: "sandbox-key checkout-prod OTHER",
            "ork-create --predecessor checkout-prod --settle 0s", 65, "two live keys are named checkout-prod: .*",
            leadsTo: [("ork-create --predecessor hash=", 0), ("ork-create --predecessor hash=", 0)]),
        Advice(
            "two keys of one name, one of which is a rotation's", after: begun + "sandbox-key checkout-prod OTHER",
            "ork-create --predecessor hash=$OTHER_HASH --handoff other.json", 75,
            "another rotation of checkout-prod is under way or was lost: .*",
            leadsTo: [("ork-create --predecessor name=NAME", nil), ("ork-create --predecessor hash=", 0)]),
        Advice(
            "superseding where keys differ", after: "sandbox-key checkout-prod OTHER\nsandbox-limit $OTHER_HASH 5",
            "ork-create --predecessor checkout-prod --supersede", 1,
            "the live keys of checkout-prod differ in their limit: .*",
            leadsTo: [("ork-create --predecessor hash=", 0), ("ork-create --predecessor hash=", 0)]),
        Advice(
            "a mistyped name", after: "", "ork-create --predecessor chekout-prod --limit 5", 1,
            "there is no live key named chekout-prod in the default workspace; did you mean checkout-prod\\?",
            leadsTo: [
                ("ork-create --predecessor name=checkout-prod --limit 5", 0),
                ("ork-create --predecessor chekout-prod --limit 5 --workspace UUID", nil),
                ("ork-create --predecessor none --limit 5 --name chekout-prod", 0),
            ]),
        Advice(
            "a key that is disabled", after: "sandbox-disable predecessor\nsandbox-key checkout-prod OTHER",
            "ork-create --predecessor hash=$PREDECESSOR_HASH", 1,
            "the key checkout-prod \\(.*\\) is disabled, has expired or is not activated",
            leadsTo: [("ork-create --predecessor hash=", 0)]),
        Advice(
            "a key that is not there", after: "", "ork-create --predecessor hash=0a1b", 1,
            "no key in this account has the hash 0a1b",
            leadsTo: [("ork-create --predecessor name=NAME", nil)]),
        Advice(
            "a first key that is not the first", after: "", "ork-create --predecessor none --name checkout-prod", 65,
            "there is a key of this name already, so there is something to replace: checkout-prod .*",
            leadsTo: [
                ("ork-create --predecessor name=checkout-prod --name checkout-prod", 0),
                ("ork-create --predecessor none --name NAME", nil),
            ]),
        Advice(
            "superseding with a handoff that lies there", after: begun, "ork-create --supersede", 65,
            "nothing was superseded: the handoff is of rotation .*, which is under way",
            leadsTo: [
                (
                    "ork-create --supersede --predecessor name=checkout-prod --to file=file:path=.env,name=KEY --handoff",
                    0
                ), ("ork-publish", 0),
            ]),
        Advice(
            "another limit", after: begun, "ork-create --limit 5", 65,
            "rotation .* has begun, and with another plan .*",
            leadsTo: [
                ("ork-create", 0),
                ("ork-create --limit 5 --predecessor name=checkout-prod --to file=file:path=.env,name=KEY", 75),
            ]),
        Advice(
            "other rules", after: begun, "ork-create --soak 0s --settle 1s", 65,
            "rotation .* has begun, and with another plan .*",
            leadsTo: [("ork-publish --settle 1s", 0), ("ork-retire --soak 0s", 75)]),
        Advice(
            "a variable that is not set", after: "", "ork-create --predecessor env=APP_KEY", 77,
            "the environment variable APP_KEY is not set", leadsTo: [("ork-create --predecessor name=NAME", nil)]),
        Advice(
            "nothing to replace", after: "", "ork-create", 64, "--predecessor: is missing; it must be .*",
            leadsTo: [("ork-create --predecessor NAME", nil)]),
    ]

    @Test("every command that a refusal shows leads on in the state in which it is shown", arguments: rows)
    func advice(row: Advice) async throws {
        try await onOwnThread {
            for (number, expected) in row.leadsTo.enumerated() where number == 0 || expected.status != nil {
                let run = try Self.refused(row)
                let commands = Self.commands(in: run.errors)
                #expect(commands.count == row.leadsTo.count, "\(run.errors)")
                #expect(commands[number].hasPrefix(expected.command), "\(commands)")
                guard let status = expected.status else { continue }
                try run.execute(["sh", "-c", commands[number]])
                #expect(run.ending == .exited(status), "\(commands[number]): \(run.errors)")
            }
        }
    }

    /// A run in the state of a row, after its refusal.
    private static func refused(_ row: Advice) throws -> ScriptRun {
        let run = try ScriptRun(Script(files: [Script.File(name: ".env", text: "KEY=@PREDECESSOR_KEY@\n")]))
        for line in row.before.split(separator: "\n") {
            try run.perform(ScriptWords.split(String(line), run.variables))
        }
        try run.execute(ScriptWords.split(row.command, run.variables))
        #expect(run.ending == .exited(row.status), "\(run.errors)")
        let error = try Regex("^ork-create: (error|waiting): \(row.error)$").anchorsMatchLineEndings()
        #expect(run.errors.contains(error), "\(run.errors)")
        return run
    }

    /// The whole commands of a hint, in their order.
    private static func commands(in errors: String) -> [String] {
        let hint = errors.split(separator: "\n").first { $0.contains(": hint: ") } ?? ""
        return hint.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}
