package import ArgumentParser
package import Fleet
package import HTTP
import JSON
import OpenRouter
import Reports
import Rotation
import Secrets
package import StepCLI
package import Steps
import Timestamps
import Wording

/// What `ork-due` tells of a workspace beside what is due: a report of it, and the keys that no rotation owns.
package struct SurveyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Write a report of every key as well, .html, .md or .json by its name: age, limit, expiry, last use, and which "
                + "rotation owns it. A report that is there is replaced.", valueName: "file"))
    package var report: String?

    @Flag(
        help: ArgumentHelp(
            "Print the live keys that no rotation owns, in place of what is due; ends with 1 if there are any."))
    package var audit = false

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "With --audit: keys that may be without a rotation, each by its name, by the base name that all keys of a rotation "
                + "share, or by its hash as it is shown.", valueName: "key"))
    package var except: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "With --audit and --report: look at these workspaces as well, by their ids, beside those that rotations are in.",
            valueName: "id"))
    package var workspace: [String] = []

    @Flag(help: "With --audit and --report: look at every workspace of the account.")
    package var allWorkspaces = false

    @Option(
        help: ArgumentHelp(
            "Tell the webhooks of notify what needs a person: at every run what keeps a rotation from going on and a limit that is "
                + "nearly used up, and once an expiry that is near and a key without a limit. Give the time between two runs.",
            valueName: "duration"))
    package var notify: String?

    package init() {}

    /// Whether every key is to be looked at.
    package var isAsked: Bool { audit || report != nil }

    /// What is looked at beside the workspaces that rotations are in.
    package var workspaces: DueSurvey.Workspaces { allWorkspaces ? .all : .named(Set(workspace)) }

    /// Refuses what would show keys as nobody's that are somebody's.
    package func validate() throws {
        guard notify.map({ Interval($0) != nil }) ?? true else {
            throw ValidationError("--notify: must be a length of time such as 6h or 7d")
        }
        guard except.isEmpty || audit else { throw ValidationError("--except goes with --audit") }
        guard workspace.isEmpty || isAsked else { throw ValidationError("--workspace goes with --audit or --report") }
        guard !allWorkspaces || isAsked else { throw ValidationError("--all-workspaces goes with --audit or --report") }
    }

    /// Looks at all that was asked for, and writes and prints it. What is due goes on to be handed out unless `audit`.
    package func look(
        at fleet: ConfiguredFleet, by version: String, isJSON: Bool, _ console: Console,
        over transport: any HTTPTransport
    ) throws(StepError) -> [DueFinding] {
        guard isAsked else { return try fleet.findings(transport) }
        let destination = try report.map { path throws(StepError) in try ReportDestination(path) }
        let survey = try fleet.survey(transport, with: workspaces)
        if let destination, let report {
            try destination.write(WorkspaceReport(survey, by: version), hiding: fleet.held)
            console.show(.done("wrote \(report)"))
        }
        if audit { try KeyAudit(survey, except: Set(except)).tell(isJSON: isJSON, console) }
        return survey.findings
    }

    /// Tells the webhooks what was found and needs a person, where that is asked for.
    package func tell(
        _ findings: [DueFinding], of fleet: ConfiguredFleet, _ console: Console, over transport: any HTTPTransport
    ) {
        guard let window = notify.flatMap(Interval.init) else { return }
        fleet.tell(findings, newWithin: window, console, over: transport)
    }
}

/// The keys that no rotation owns.
struct KeyAudit {
    private let survey: DueSurvey
    private let unowned: [DueSurvey.OwnedKey]

    init(_ survey: DueSurvey, except names: Set<String>) {
        self.survey = survey
        unowned = survey.unowned(except: names)
    }

    /// Prints them, and fails if there are any, so that a pipeline can act on it.
    func tell(isJSON: Bool, _ console: Console) throws(StepError) {
        // What a rotation cannot be told to own, or owns and cannot go on with, somebody has to look at.
        for finding in survey.findings {
            guard case .problem(let hint) = finding.verdict else { continue }
            console.warn("\(finding.rotation): \(finding.message); \(hint)")
        }
        warnOfNames(console)
        let lines = unowned.map { KeyLine($0, at: survey.date) }
        let owned = survey.keys.count { $0.owner != nil && $0.isLive(at: survey.date) }
        if isJSON {
            console.print([
                "unowned": .array(lines.map(\.json)), "owned": .number(JSONNumber(owned)),
            ])
        } else if !unowned.isEmpty {
            var rows = [["KEY", "AGE", "LIMIT", "LAST USED", "HASH"]]
            for (key, line) in zip(unowned, lines) {
                rows.append([
                    DisplayText.line(key.key.name, limit: 60), line.age, line.limit, line.lastUse,
                    key.key.hash.short,
                ])
            }
            Console.print(AlignedTable(rows).text)
        }
        guard unowned.isEmpty else {
            throw StepError(
                .failed, "no rotation owns \(Counted(unowned.count, of: unowned.count + owned, "live key"))",
                hint: "add a rotation for each to ork.yaml, or say that it may be without one: --except NAME")
        }
        console.show(.done("a rotation owns each of \(Counted(owned, "live key"))"))
    }

    /// Says which keys are counted as owned although anybody may have named them so.
    private func warnOfNames(_ console: Console) {
        let byName = Dictionary(grouping: survey.keys.filter(\.isByNameAlone)) { $0.owner }
        for case let (owner?, keys) in byName.sorted(by: { ($0.key?.description ?? "") < ($1.key?.description ?? "") })
        {
            let names = keys.map { "\($0.key.plainName) (\($0.key.hash.short))" }.sorted()
            console.warn(
                "\(owner): only their names say that \(names.inWords("and")) are its keys; "
                    + "`ork-due --audit --handoff FILE`, with all of its handoffs, holds them to what was recorded")
        }
    }
}
